/* Binds datagram sockets to socket files: for replies, or to a new file in the place of an old one. */
#include "calls/datagram.h"

#include "calls/arguments.h"
#include "calls/bind.h"
#include "options/options.h"
#include "replace/replace.h"
#include "rules/settings.h"

#define UDP_CORK 1
#define TRIES 16

static long finish(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_state state,
                   long result) {
    if (result < 0)
        return unsock_standin_undo(standin, SOCK_DGRAM, result);
    return unsock_standin_install(standin, fd, entry, state);
}

static long try_name(int fd, struct unsock_fd *entry, const struct unsock_ip *any, const struct unsock_ip *target,
                     struct unsock_standin *standin) {
    long result = unsock_standin_open(standin, fd, entry);
    if (result < 0)
        return result;
    struct unsock_bind *bind = unsock_standin_bind(standin, fd, entry, any);
    struct unsock_ip usual = unsock_address_default(AF_INET, 0);
    bind->v6only = bind->reuseport = bind->reuseaddr = false;
    bind->target = *target;
    bind->usual = unsock_ip_same_address(target, &usual);
    bind->open_to_all = true;
    result = unsock_bind_client(bind);
    /* If no port is free, returns EAGAIN, as inet_autobind does (net/ipv4/af_inet.c). */
    result = unsock_standin_bound(standin, result == -EADDRINUSE ? -EAGAIN : result);
    return finish(standin, fd, entry, UNSOCK_STATE_NAMED, result);
}

long unsock_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    struct unsock_standin standin;
    struct unsock_ip any = {.family = entry->domain == AF_INET6 ? AF_INET6 : AF_INET}, own, local = entry->local;
    long result = 0;
    /* A socket that replaces a UDP socket keeps the UDP socket's port. */
    if (entry->kind == UNSOCK_KIND_IP && unsock_call_own_ip(fd, &own) == 0)
        any.port = own.port;
    /* Tries again if the name is taken: a forked child tries the same ports as its parent, in the same order. */
    for (int tries = 0; tries < TRIES; tries++) {
        result = try_name(fd, entry, &any, target, &standin);
        unsock_standin_spend(&standin, entry);
        if (result != -EAGAIN || !standin.bind.spent)
            break;
    }
    if (result == -EINVAL && standin.in_place)
        result = unsock_identify_name(fd, entry);
    if (result == 0 && local.family != 0)
        memcpy(entry->local.bytes, local.bytes, sizeof(local.bytes));
    return result;
}

long unsock_datagram_move(int fd, struct unsock_fd *entry) {
    struct unsock_ip local;
    struct unsock_standin standin;
    long result = unsock_call_own_ip(fd, &local);
    if (result == 0)
        result = unsock_standin_open(&standin, fd, entry);
    if (result < 0)
        return result;
    result = unsock_standin_bound(&standin, unsock_bind_port(unsock_standin_bind(&standin, fd, entry, &local)));
    if (result == 0 && standin.bind.how != UNSOCK_BOUND_FILE)
        result = -EADDRINUSE;
    return finish(&standin, fd, entry, UNSOCK_STATE_BOUND, result);
}

void unsock_datagram_show_ipv4(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    struct unsock_standin standin;
    struct unsock_fd old = *entry;
    struct unsock_port_entry own;
    char byte;
    /* Keeps the name if a datagram has arrived, which would be lost, or if a peer is connected to this socket. */
    if (unsock_fd_is_duplicated(entry) ||
        unsock_recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) != -EAGAIN || unsock_socket_peers(fd) != 0 ||
        unsock_standin_open(&standin, fd, entry) < 0)
        return;
    struct unsock_bind *bind = unsock_standin_bind(&standin, fd, entry, &old.local);
    bind->domain = AF_INET6;
    bind->v6only = bind->reuseport = bind->reuseaddr = false;
    bind->target = *target;
    unsock_port_own(&old, &own);
    bind->in_place_of = &own;
    long result = unsock_standin_bound(&standin, unsock_bind_port(bind));
    if (finish(&standin, fd, entry, UNSOCK_STATE_BOUND, result) == 0) {
        unsock_fds_mark(entry, UNSOCK_ANY_PORT);
        memcpy(entry->local.bytes, old.local.bytes, sizeof(old.local.bytes));
    }
}

/* Sends from a temporary UDP socket with the same options and, if free, the same port. Replies are lost. */
static long send_aside(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    static const int32_t off = 0;
    union unsock_sockaddr address;
    struct unsock_ip any = {.family = (uint8_t)entry->domain, .port = entry->local.port};
    UNSOCK_CLOSED long socket = unsock_socket(entry->domain, SOCK_DGRAM | SOCK_CLOEXEC, entry->protocol);
    if (socket < 0)
        return socket;
    unsock_options_carry(fd, entry, (int)socket, true);
    unsock_setsockopt(socket, IPPROTO_UDP, UDP_CORK, &off, sizeof(off)); /* else it would wait for a later call */
    unsock_bind(socket, &address, unsock_ip_write(&any, entry->domain, &address));
    return unsock_sendmsg(socket, message, flags);
}

long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    /* A server that local clients have used must not lose its file for one datagram to the network. */
    if (entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry) &&
        ((entry->flags & UNSOCK_DATAGRAM_HEARD) || unsock_state_has_remote(entry->state)))
        return send_aside(fd, entry, message, flags);
    unsock_born_local_note_ip(SOCK_DGRAM);
    long result = unsock_redirect_to_ip(fd, entry);
    return result < 0 ? result : unsock_real_sendmsg(fd, message, flags);
}
