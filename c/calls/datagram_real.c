/* Datagrams to the network. */
#include "calls/datagram.h"
#include "kernel/beyond_limit.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "options/options.h"
#include "replace/redirect.h"
#include "rt/libc.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/ip.h"

#define UDP_CORK 1

/* A server on a port of its own that local clients have used: it must not lose its file for one datagram elsewhere. */
static bool is_serving(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry) &&
           ((entry->flags & UNSOCK_HEARD) || unsock_state_has_remote(entry->state));
}

/* From a UDP socket made for this datagram, with the same options and, if it is free, port. No answer will be heard. */
static long send_aside(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    static const int32_t off = 0;
    union unsock_sockaddr address;
    struct unsock_ip any = {.family = (uint8_t)entry->domain, .port = entry->local.port};
    long socket = unsock_descriptor(__NR_socket, entry->domain, SOCK_DGRAM | SOCK_CLOEXEC, entry->protocol);
    if (socket < 0)
        return socket;
    unsock_options_carry(fd, entry, (int)socket, true);
    unsock_setsockopt(socket, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)); /* nothing else will push it out */
    unsock_bind(socket, &address, unsock_ip_write(&any, entry->domain, &address));
    long result = unsock_sendmsg(socket, message, flags);
    unsock_close(socket);
    return result;
}

long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    if (is_serving(entry))
        return send_aside(fd, entry, message, flags);
    long result = unsock_redirect_to_ip(fd, entry);
    return result < 0 ? result : unsock_real_sendmsg(fd, message, flags);
}
