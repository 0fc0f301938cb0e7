/* The question that only the library's filter answers, and what is kept in the handler's flags. */
#include "kernel/trapped.h"

#include "rt/system_calls.h"

bool unsock_is_trapped(void) {
    long probe = (long)(UNSOCK_SYS_PROBE << 32);
    return unsock_syscall6(__NR_socket, UNSOCK_SYS_NO_FAMILY, 0, 0, probe, 0, 0) == -UNSOCK_SYS_PROBE_ERRNO;
}

bool unsock_trapped_ignores(void) {
    struct unsock_signal_action now = {0};
    unsock_rt_sigaction(SIGSYS, NULL, &now);
    uintptr_t handler = (uintptr_t)now.handler;
    return handler == SIG_IGN || (handler > SIG_IGN && (now.flags & UNSOCK_SIGSYS_IGNORED));
}
