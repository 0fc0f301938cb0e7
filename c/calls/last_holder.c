/*
 * Shuts a TIPC connection down before close, if no other process can have the socket (calls/stream.h says why). Another
 * process can have it only as a descendant of this one, or by a message, and each message is noted. If this process has
 * no child, and none has ended since it made the socket, none has inherited it. The page faults of the children that
 * were waited for show whether one has ended: each child adds some. A socket with a duplicate is left alone.
 */
#include "calls/stream.h"

#include "kernel/file_info.h"
#include "kernel/socket_info.h"
#include "rt/user.h"

#include <linux/kcmp.h>
#include <linux/poll.h>
#include <linux/wait.h>

#define TASKS "/proc/self/task"
#define SIGNAL_INFO_SIZE 128 /* siginfo_t */
#define WAIT_HOW (WEXITED | WNOHANG | WNOWAIT | __WALL)

/* Returns a number that changes whenever a child has ended and been waited for; 0 if the kernel does not report it. */
static uint32_t children_of_past(void) {
    struct rusage usage = {0};
    if (unsock_getrusage(RUSAGE_CHILDREN, &usage) < 0)
        return 0;
    uint32_t sum = (uint32_t)(usage.ru_minflt + usage.ru_majflt);
    return sum + 1 != 0 ? sum + 1 : 1;
}

static bool has_child(void) {
    uint64_t about[SIGNAL_INFO_SIZE / 8];
    return unsock_waitid(P_ALL, 0, about, WAIT_HOW, NULL) != -ECHILD;
}

/* True if there is a child, or if children may end without being waited for. */
static bool may_have_children(void) {
    struct unsock_signal_action action = {.flags = 0};
    if (has_child())
        return true;
    return unsock_rt_sigaction(SIGCHLD, NULL, &action) < 0 || action.handler == (void *)SIG_IGN ||
           (action.flags & SA_NOCLDWAIT);
}

/* True if the process may have the socket `fd`: it has it by the same number. Above 0: another file is there. */
static bool may_have(uint64_t process, int fd) {
    long same = unsock_kcmp((int)process, (int)unsock_getpid(), KCMP_FILE, fd, fd);
    return same <= 0 && same != -EBADF && same != -ESRCH;
}

/* The same for the children of a thread, in the line of their numbers that /proc/self/task/TID/children has. */
UNSOCK_OWN_FRAME static bool may_child_have(const char *thread, int fd) {
    struct unsock_lines lines;
    struct unsock_span line;
    char path[64];
    uint64_t child;
    struct unsock_text text = unsock_text_in(path, sizeof(path));
    unsock_text_join(&text, TASKS "/", thread, "/children");
    unsock_lines_open(&lines, path);
    bool may = false;
    while (!may && unsock_lines_next(&lines, &line))
        while (!may && unsock_span_number(unsock_lines_word(&line), 10, INT32_MAX, &child))
            may = may_have(child, fd);
    unsock_lines_close(&lines);
    return may || lines.failed || lines.skipped;
}

UNSOCK_OWN_FRAME static bool may_any_child_have(int fd) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    bool may = false;
    unsock_entries_open(&entries, AT_FDCWD, TASKS);
    for (const char *thread; !may && (thread = unsock_entries_next(&entries, &type));)
        may = may_child_have(thread, fd);
    may |= entries.fd < 0;
    unsock_entries_close(&entries);
    return may;
}

bool unsock_last_holder_is_only(int fd) {
    if (unsock_sandboxed || (!unsock_this_process_bound(fd) && may_have((uint64_t)unsock_getppid(), fd)))
        return false;
    return !has_child() || !may_any_child_have(fd);
}

static uint32_t *made_of(int fd) {
    return fd >= 0 && fd < UNSOCK_OWN_MADE ? &unsock_this_process()->made[fd] : NULL;
}

void unsock_last_holder_note(int fd) {
    uint32_t *made = made_of(fd);
    /* A child of vfork writes this into its parent's memory. That does not mislead the parent: until it has waited for
     * the child, it has one; afterwards the number differs. */
    if (!made || unsock_this_process()->unwiped)
        return;
    *made = children_of_past();
    unsock_this_process()->made_any = true;
}

void unsock_last_holder_may_pass(const struct msghdr *message) {
    struct msghdr copy;
    if (unsock_this_process()->made_any && unsock_user_read(&copy, message, sizeof(copy)) == 0 &&
        copy.msg_controllen > 0) {
        memset(unsock_this_process()->made, 0, sizeof(unsock_this_process()->made));
        unsock_this_process()->made_any = false;
    }
}

/* True with SO_LINGER 0: TCP's close resets the peer, too. */
static bool lingers_for_nothing(int fd, const struct unsock_fd *entry) {
    int32_t linger[2] = {0, 1};
    socklen_t length = sizeof(linger);
    return entry->options != 0 && unsock_getsockopt(fd, SOL_SOCKET, SO_LINGER, linger, &length) == 0 &&
           linger[0] != 0 && linger[1] == 0;
}

static bool is_certain_last(int fd, const struct unsock_fd *entry, const uint32_t *made) {
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && !unsock_fd_is_duplicated(entry) &&
           unsock_state_is_connected(entry->state) && *made == children_of_past() && !may_have_children() &&
           unsock_socket_option(fd, SO_DOMAIN) == UNSOCK_AF_TIPC && !lingers_for_nothing(fd, entry);
}

/* Not with POLLIN: either the peer has closed, and gets no more, or unread data wait, for which TCP resets it. */
void unsock_last_holder_closing(int fd, const struct unsock_fd *entry) {
    uint32_t *made = made_of(fd);
    if (!made || *made == 0 || !unsock_this_process_owns_descriptors())
        return;
    if (unsock_socket_poll(fd, POLLIN) == 0 && is_certain_last(fd, entry, made))
        unsock_shutdown(fd, SHUT_RDWR);
    *made = 0;
}

void unsock_last_holder_closing_all(unsigned first, unsigned last) {
    for (unsigned fd = first; unsock_this_process()->made_any && fd <= last && fd < UNSOCK_OWN_MADE; fd++) {
        const struct unsock_fd *entry = unsock_this_process()->made[fd] != 0 ? unsock_fds_known((int)fd) : NULL;
        if (entry)
            unsock_last_holder_closing((int)fd, entry);
    }
}
