/* The exported getsockname, getpeername, getsockopt and setsockopt. */
#include "calls.h"
#include "names.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

/* Sockets that are known to be none of ours are asked about without a detour. */
static bool is_plain(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && (entry->kind == UNSOCK_KIND_OTHER || entry->kind == UNSOCK_KIND_IP);
}

UNSOCK_EXPORT int getsockname(int fd, struct sockaddr *address, socklen_t *length) {
    if (!unsock_active() || is_plain(fd))
        return (int)unsock_libc_result(unsock_sys(__NR_getsockname, fd, address, length));
    return (int)unsock_libc_result(unsock_getsockname(fd, address, length));
}

UNSOCK_EXPORT int getpeername(int fd, struct sockaddr *address, socklen_t *length) {
    if (!unsock_active() || is_plain(fd))
        return (int)unsock_libc_result(unsock_sys(__NR_getpeername, fd, address, length));
    return (int)unsock_libc_result(unsock_getpeername(fd, address, length));
}

UNSOCK_EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *length) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_getsockopt, fd, level, name, value, length));
    return (int)unsock_libc_result(unsock_call_getsockopt(fd, level, name, value, length));
}

UNSOCK_EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t length) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_setsockopt, fd, level, name, value, length));
    return (int)unsock_libc_result(unsock_call_setsockopt(fd, level, name, value, length));
}
