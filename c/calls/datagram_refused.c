/* An error left on a datagram socket, as the answer of a host without that port leaves it. */
#include "calls/datagram.h"

#include "kernel/socket_info.h"
#include "rules/errno.h"

#include <linux/poll.h>

/*
 * The kernel has one way to give an AF_UNIX datagram socket an error: the socket at the other end of a connection of
 * both connects to somebody else, or to nobody (unix_dgram_disconnected in net/unix/af_unix.c). It is ECONNRESET then.
 */
long unsock_datagram_refused(int fd) {
    union unsock_sockaddr own, other;
    const union unsock_sockaddr unnamed = {.any = {.sa_family = AF_UNIX}}, nobody = {.any = {.sa_family = AF_UNSPEC}};
    long own_length = unsock_socket_name(fd, __NR_getsockname, &own), length;
    long peer = own_length < 0 ? own_length : unsock_descriptor(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (peer < 0)
        return -ECONNREFUSED;
    /* Bound to the family alone it gets an abstract name that no one has. Only `fd` can send to it: it is connected. */
    if (unsock_connect(peer, &own, own_length) == 0 &&
        unsock_bind(peer, &unnamed, sizeof(unnamed.any.sa_family)) == 0 &&
        (length = unsock_socket_name((int)peer, __NR_getsockname, &other)) > 0 &&
        unsock_connect(fd, &other, length) == 0 &&
        unsock_sendto(fd, NULL, 0, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0) == 0)
        unsock_connect(peer, &nobody, sizeof(nobody.any));
    unsock_close(peer);
    /* Connected to nobody again, so that whoever comes can send; with something to read that would be lost. */
    if (!(unsock_socket_poll(fd, POLLIN) & POLLIN))
        unsock_connect(fd, &nobody, sizeof(nobody.any));
    return -ECONNREFUSED;
}

long unsock_datagram_told(long result) {
    return unsock_errno_as_ip(UNSOCK_AT_ERROR, result);
}
