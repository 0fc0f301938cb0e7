/*
 * Tells whether another process may have a socket: a child, or a child's. If none has come and gone since the socket
 * was made (the page faults of all children that were waited for are counted, and no child is without), and none is
 * there, no process can have inherited it; descriptors passed in a message are noted. With a duplicate it is not
 * certain.
 */
#include "calls/stream.h"

#include "kernel/socket_info.h"
#include "rt/user.h"

#include <linux/poll.h>
#include <linux/wait.h>

#define WAIT_HOW (WEXITED | WNOHANG | WNOWAIT | __WALL)

/* getrusage(2), with 64-bit numbers. */
struct usage {
    int64_t times[4];
    int64_t memory[4];
    int64_t small_faults;
    int64_t large_faults;
    int64_t others[10];
};

struct action {
    uintptr_t handler;
    uint64_t flags;
    uint64_t rest[2];
};

/* Another number whenever a child has ended and been waited for; never 0. */
static uint32_t children_of_past(void) {
    struct usage usage = {0};
    if (unsock_getrusage(RUSAGE_CHILDREN, &usage) < 0)
        return 0;
    uint32_t sum = (uint32_t)(usage.small_faults + usage.large_faults);
    return sum + 1 != 0 ? sum + 1 : 1;
}

/* True if there is a child, or some can have ended without being waited for. */
static bool may_have_children(void) {
    struct action action = {0};
    if (unsock_waitid(P_ALL, 0, NULL, WAIT_HOW, NULL) != -ECHILD)
        return true;
    return unsock_rt_sigaction(SIGCHLD, NULL, &action) < 0 || action.handler == SIG_IGN ||
           (action.flags & SA_NOCLDWAIT);
}

static uint32_t *made_of(int fd) {
    return fd >= 0 && fd < UNSOCK_OWN_MADE ? &unsock_this_process()->made[fd] : NULL;
}

void unsock_last_holder_note(int fd) {
    uint32_t *made = made_of(fd);
    /* In a child of vfork it is the parent's memory; to that one nothing is certain until the child has been waited
     * for. */
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

/* TCP resets the peer, too. */
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

/* A peer that has gone is told nothing, and TCP resets one whose data are unread: POLLIN says either. */
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
