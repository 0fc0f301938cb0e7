/* connect of datagram sockets. */
#include "calls/datagram.h"
#include "calls/datagram_name.h"
#include "calls/datagram_peer.h"
#include "calls/datagram_per_client.h"
#include "files/listen_fds.h"
#include "files/port_join.h"
#include "files/port_own.h"
#include "files/resolve.h"
#include "kernel/beyond_limit.h"
#include "kernel/log.h"
#include "kernel/option_query.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "replace/redirect.h"
#include "rt/libc.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/address.h"
#include "rules/errno.h"
#include "rules/ip.h"
#include "rules/settings.h"
#include "unsock.h"

/*
 * Nobody is there, which a UDP connect does not mind. Connecting to a socket that is gone at once makes the next plain
 * send or write say ECONNREFUSED, as the answer of a host without that port would.
 */
UNSOCK_OWN_FRAME static void connect_to_nobody(int fd) {
    union unsock_sockaddr name = {.any = {.sa_family = AF_UNIX}};
    long socket = unsock_descriptor(__NR_socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0)
        return;
    /* Bound to the family alone it gets an abstract name that no one has. */
    if (unsock_bind(socket, &name, sizeof(name.any.sa_family)) == 0) {
        long length = unsock_socket_name((int)socket, __NR_getsockname, &name);
        if (length > 0)
            unsock_connect(fd, &name, length);
    }
    unsock_close(socket);
}

static long connect_real(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    union unsock_sockaddr address;
    long result = unsock_redirect_to_ip(fd, entry);
    return result < 0 ? result : unsock_real_connect(fd, &address, unsock_ip_write(ip, entry->domain, &address));
}

/* What the kernel said to connecting to `path` when it was not yes. */
UNSOCK_OWN_FRAME static long connect_other(int fd, struct unsock_fd *entry, const struct unsock_ip *ip,
                                           const struct sockaddr_un *path, long result) {
    long there;
    if (result == -EPERM) {
        result = unsock_datagram_per_client(fd, entry, path);
        if (result == 0)
            unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_CONNECTED);
        if (result != -EPERM)
            return result;
    }
    if (unsock_resolve_is_worth_it(result)) {
        if (unsock_datagram_connect_by_control(fd, entry, path, ip, &there))
            return there;
        result = there < 0 ? there : result;
    }
    /* EPERM: the peer is connected to somebody else, and so is nobody for us. */
    if (!unsock_errno_is_nobody(result) && (result != -EPERM || unsock_socket_may_not_connect()))
        return result;
    if (result == -ENOENT && unsock_settings.fallback)
        return connect_real(fd, entry, ip);
    connect_to_nobody(fd);
    unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_NOBODY);
    return 0;
}

/* The address that a connected UDP socket has: getsockname tells it, where it was the wildcard before. */
static void settle_local(struct unsock_fd *entry, const struct unsock_ip *ip) {
    uint16_t port = entry->local.port;
    uint8_t tag = entry->local.tag;
    if (!unsock_ip_is_wildcard(&entry->local))
        return;
    entry->local = unsock_address_default(ip->family, port);
    entry->local.tag = tag;
    entry->flags |= UNSOCK_SETTLED;
}

bool unsock_datagram_stays(int fd, const struct unsock_fd *entry) {
    static const uint16_t bound = UNSOCK_NAMED | UNSOCK_BOUND;
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_DGRAM && (entry->flags & bound) == bound &&
           unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX;
}

/* A local socket of its own, with the name that the peer shall see. */
static long prepare(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    if (unsock_datagram_stays(fd, entry))
        return 0;
    /* All descriptors of a service manager's socket are one, and would be connected with it. */
    if (unsock_fd_is_handed(entry) && unsock_listen_fds_is_shared(fd, SOCK_DGRAM))
        return -EADDRINUSE;
    long result = unsock_datagram_be_local(fd, entry, ip);
    if (result == 0)
        unsock_datagram_choose_source(fd, entry, ip);
    return result;
}

/* Of those that share its address it is the one to which its peer's datagrams come. */
static void tell_sharers(int fd, const struct unsock_fd *entry) {
    struct unsock_port_entry own;
    if (entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry) && unsock_port_own(entry, &own) &&
        (unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR) ||
         unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT)))
        unsock_port_note_connected(unsock_port_key_of(entry), &own);
}

UNSOCK_OWN_FRAME long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *asked) {
    struct sockaddr_un path = {0};
    /* Connecting to the wildcard means the loopback address, and is reported so (ip_route_connect). */
    struct unsock_ip target = unsock_ip_some(*asked), *ip = &target;
    long result = prepare(fd, entry, ip);
    if (result == 0) {
        result = unsock_datagram_connect_socket(fd, entry, ip, &path);
        if (result == 0) {
            unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_CONNECTED);
            unsock_datagram_tell_peer(fd, entry);
        } else
            result = connect_other(fd, entry, ip, &path, result);
    }
    if (result == 0 && entry->kind == UNSOCK_KIND_LOCAL) {
        tell_sharers(fd, entry);
        settle_local(entry, ip);
    }
    return unsock_log("connect", fd, asked, &path, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
}
