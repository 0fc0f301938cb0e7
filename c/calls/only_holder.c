/* Finds out whether another process, the parent or a child, can have a socket of this process. */
#include "calls/stream.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"

#include <linux/kcmp.h>
#include <linux/wait.h>

#define TASKS "/proc/self/task"
#define SIGNAL_INFO_SIZE 128 /* siginfo_t */
#define WAIT_HOW (WEXITED | WNOHANG | WNOWAIT | __WALL)

static bool has_child(void) {
    uint64_t about[SIGNAL_INFO_SIZE / 8];
    return unsock_waitid(P_ALL, 0, about, WAIT_HOW, NULL) != -ECHILD;
}

/* True if the process may have the socket under the number `fd`. kcmp returns more than 0 for another file. */
static bool may_have(uint64_t process, int fd) {
    long same = unsock_kcmp((int)process, (int)unsock_getpid(), KCMP_FILE, fd, fd);
    return same <= 0 && same != -EBADF && same != -ESRCH;
}

/* True if a child of the thread may have the socket. /proc/self/task/TID/children lists the children's pids. */
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

bool unsock_only_process(int fd) {
    return !unsock_sandboxed && unsock_this_process_bound(fd) && !has_child();
}

bool unsock_only_holder(int fd) {
    if (unsock_sandboxed || (!unsock_this_process_bound(fd) && may_have((uint64_t)unsock_getppid(), fd)))
        return false;
    return !has_child() || !may_any_child_have(fd);
}
