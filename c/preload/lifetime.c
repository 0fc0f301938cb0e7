/* The exported close, close_range, closefrom, dup, dup2, dup3, fcntl, _exit and _Exit. */
#include "calls.h"
#include "epoll_memory.h"
#include "options.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

#include <stdarg.h>

UNSOCK_EXPORT int close(int fd) {
    if (!unsock_active())
        return unsock_next.close(fd);
    return (int)unsock_call_close(fd);
}

UNSOCK_EXPORT int close_range(unsigned first, unsigned last, int flags) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_close_range, first, last, flags));
    return (int)unsock_libc_result(unsock_call_close_range(first, last, (unsigned)flags));
}

UNSOCK_EXPORT void closefrom(int first) {
    unsigned from = first < 0 ? 0 : (unsigned)first;
    if (unsock_active())
        unsock_call_close_range(from, ~0u, 0);
    else
        unsock_sys(__NR_close_range, from, ~0u, 0);
}

/* Children of Python's multiprocessing and daemons that have had enough end so, past all destructors. */
UNSOCK_EXPORT _Noreturn void _exit(int status) {
    if (unsock_active())
        unsock_call_exit();
    for (;;)
        unsock_sys(__NR_exit_group, status);
}

UNSOCK_EXPORT _Noreturn void _Exit(int status) {
    _exit(status);
}

static int remember_duplicate(int from, int to) {
    if (to < 0 || !unsock_active())
        return to;
    unsock_epoll_duplicate_set(from, to);
    bool known = unsock_fds_known(from) || unsock_fds_known(to);
    if (!known || !unsock_fds_are_ours())
        return to;
    unsock_lifetime_new(to);
    unsock_lifetime_copy(from, to);
    return to;
}

UNSOCK_EXPORT int dup(int fd) {
    return remember_duplicate(fd, (int)unsock_libc_result(unsock_sys(__NR_dup, fd)));
}

UNSOCK_EXPORT int dup2(int from, int to) {
    return (int)unsock_libc_result(unsock_call_dup3(from, to, 0, true));
}

UNSOCK_EXPORT int dup3(int from, int to, int flags) {
    return (int)unsock_libc_result(unsock_call_dup3(from, to, flags, false));
}

/* Every command takes at most one argument, an integer or a pointer. */
UNSOCK_EXPORT int fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    unsigned long argument = va_arg(arguments, unsigned long);
    va_end(arguments);
    int result = unsock_next.fcntl(fd, command, argument);
    if (command == F_SETFL && (argument & O_NONBLOCK) && result == 0)
        unsock_call_was_made_nonblocking(fd);
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? remember_duplicate(fd, result) : result;
}

UNSOCK_EXPORT int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
