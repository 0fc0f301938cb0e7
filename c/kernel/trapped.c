/* The question that only the library's filter answers, and what is kept in the handler's flags. */
#include "kernel/trapped.h"

#include "rt/mark.h"
#include "rt/sys.h"

#define HANDLER_IGNORE 1 /* SIG_IGN */

bool unsock_is_trapped(void) {
    long family = (long)(UNSOCK_SYS_PROBE << 32 | UNSOCK_SYS_NO_FAMILY);
    return unsock_syscall6(__NR_socket, family, 0, 0, 0, 0, 0) == -UNSOCK_SYS_PROBE_ERRNO;
}

bool unsock_trapped_ignores(void) {
    struct unsock_signal_action now = {0};
    unsock_sys(__NR_rt_sigaction, UNSOCK_SIGSYS, 0, &now, UNSOCK_SIGNAL_SET_SIZE);
    uintptr_t handler = (uintptr_t)now.handler;
    return handler == HANDLER_IGNORE || (handler > HANDLER_IGNORE && (now.flags & UNSOCK_SIGSYS_IGNORED));
}
