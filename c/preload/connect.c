/* The exported socket, socketpair, bind, connect, listen, accept, accept4 and shutdown. */
#include "calls.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

UNSOCK_EXPORT int socket(int domain, int type, int protocol) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_socket, domain, type, protocol));
    return (int)unsock_libc_result(unsock_call_socket(domain, type, protocol));
}

UNSOCK_EXPORT int socketpair(int domain, int type, int protocol, int pair[2]) {
    long result = unsock_sys(__NR_socketpair, domain, type, protocol, pair);
    for (int i = 0; result == 0 && i < 2; i++)
        unsock_lifetime_new(pair[i]);
    return (int)unsock_libc_result(result);
}

UNSOCK_EXPORT int bind(int fd, const struct sockaddr *address, socklen_t length) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_bind, fd, address, length));
    return (int)unsock_libc_result(unsock_call_bind(fd, address, length));
}

UNSOCK_EXPORT int connect(int fd, const struct sockaddr *address, socklen_t length) {
    if (!unsock_active())
        return unsock_next.connect(fd, address, length);
    return (int)unsock_libc_result(unsock_call_connect(fd, address, length));
}

UNSOCK_EXPORT int listen(int fd, int backlog) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_listen, fd, backlog));
    return (int)unsock_libc_result(unsock_call_listen(fd, backlog));
}

UNSOCK_EXPORT int accept(int fd, struct sockaddr *address, socklen_t *length) {
    if (!unsock_active())
        return unsock_next.accept(fd, address, length);
    return (int)unsock_libc_result(unsock_call_accept(fd, address, length, 0));
}

UNSOCK_EXPORT int accept4(int fd, struct sockaddr *address, socklen_t *length, int flags) {
    if (!unsock_active())
        return unsock_next.accept4(fd, address, length, flags);
    return (int)unsock_libc_result(unsock_call_accept(fd, address, length, flags));
}

UNSOCK_EXPORT int shutdown(int fd, int how) {
    if (!unsock_active())
        return (int)unsock_libc_result(unsock_sys(__NR_shutdown, fd, how));
    return (int)unsock_libc_result(unsock_call_shutdown(fd, how));
}
