/* The question that only the library's filter answers. */
#include "kernel/trapped.h"

#include "rt/mark.h"
#include "rt/sys.h"

bool unsock_is_trapped(void) {
    long family = (long)(UNSOCK_SYS_PROBE << 32 | UNSOCK_SYS_NO_FAMILY);
    return unsock_syscall6(__NR_socket, family, 0, 0, 0, 0, 0) == -UNSOCK_SYS_PROBE_ERRNO;
}
