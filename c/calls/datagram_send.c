/* Sends datagrams to an address or the connected peer, usually by one call. After an error the table below decides. */
#include "calls/arguments.h"
#include "calls/connect.h"
#include "calls/datagram.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "files/plain_senders.h"
#include "kernel/log.h"
#include "kernel/socket_info.h"
#include "rules/cmsg.h"
#include "rules/errno.h"

#define TO_ADDRESS 1
#define TO_PEER 2
#define TO_ANY (TO_ADDRESS | TO_PEER)

enum way { PENDING, NAMES, FILTER, AGAIN, QUEUE, OUTSIDE, CONTROL, OWN_SOCKETS, TELL, NOBODY, DROP };

/* The ways to continue after a failed send, in this order. Each is for the errors and the kind of destination in its
 * row. A way either ends with the program's result, or passes an error on to the rows below. ECONNREFUSED stands for
 * all errors of a send to nobody (rules/errno). Plain sender: see files/plain_senders.h. */
static const struct {
    int16_t on[3];
    uint8_t to;
    uint8_t way;
} ways[] = {
    {{ECONNRESET}, TO_ANY, PENDING},            /* ends with an error left for this call, or sends again */
    {{ECONNREFUSED, EPERM}, TO_ADDRESS, NAMES}, /* sends to the port's plain sender, or tries the port's names */
    {{ECONNRESET}, TO_ADDRESS, PENDING},        /* as above, for an error of the names just tried */
    {{EPERM}, TO_ANY, FILTER},                  /* ends with EACCES, if a filter forbids sends. If not, EPERM means
                                                   that the receiver is connected to another socket */
    {{ECONNREFUSED, ENOTCONN, EPERM}, TO_PEER, AGAIN}, /* connects to the peer's new socket, and sends again */
    {{EAGAIN, EINTR}, TO_ANY, QUEUE},                  /* ends: waits for room in the queue, or drops the datagram */
    {{ENOENT}, TO_ADDRESS, OUTSIDE},                   /* ends at the network, if UNSOCK_FALLBACK is set */
    {{ECONNREFUSED, EACCES}, TO_ADDRESS, CONTROL},     /* connects to a control file's target, and sends there */
    {{EPERM}, TO_ADDRESS, OWN_SOCKETS},                /* reconnects sockets of this process, or sends from one */
    {{ECONNREFUSED, EPERM}, TO_ADDRESS, TELL},         /* ends with ECONNREFUSED, if IP_RECVERR is set */
    {{ECONNREFUSED, ENOTCONN}, TO_ANY, NOBODY},        /* ends, if sent to the connected address: the next call fails */
    {{ECONNREFUSED, EPERM, EPIPE}, TO_ANY, DROP},      /* ends: drops the datagram as UDP does */
};

/* A socket and its destination. Functions with a route also get a message: its msg_name is the path to try, or NULL. */
struct route {
    int fd;
    int flags; /* the program's */
    struct unsock_fd *entry;
    const struct unsock_ip *ip; /* NULL: to the connected peer */
    struct unsock_batch *batch; /* several datagrams, to be sent as a batch if possible; NULL: one datagram */
};

static long send_now(const struct route *route, const struct msghdr *message) {
    int flags = route->flags | unsock_datagram_full_flags(route->entry);
    long all =
        route->batch ? unsock_datagram_send_batch(route->fd, route->entry, message, route->flags, route->batch) : 0;
    return all != 0 ? all : unsock_real_send_message(route->fd, message, flags);
}

/* Sends the message to a name that no socket has, so that an error of the message or of the sender shows, if any. */
static long send_to_none(int fd, const struct msghdr *message, int flags) {
    struct sockaddr_un none = {.sun_family = AF_UNIX, .sun_path = "/"};
    struct msghdr copy = *message;
    copy.msg_name = &none;
    copy.msg_namelen = sizeof(none);
    return unsock_sendmsg(fd, &copy, flags | MSG_DONTWAIT);
}

/* True if this call must report that nobody received the program's last datagram. Only one call reports the loss. */
static bool takes_error(const struct route *route, long result) {
    bool told = result == -ECONNRESET && (route->entry->flags & UNSOCK_DATAGRAM_NOBODY_HEARD);
    if (told) {
        unsock_fds_unmark(route->entry, UNSOCK_DATAGRAM_NOBODY_HEARD);
        unsock_fds_tell_duplicates(route->fd);
    }
    return told;
}

/* Drops a datagram. Returns its size, as UDP does not report the loss; or -errno if even UDP would not send it. */
static long drop(const struct route *route, const struct msghdr *message) {
    long result = send_to_none(route->fd, message, route->flags);
    if (takes_error(route, result))
        return -ECONNREFUSED;
    return result == -EFAULT || result == -EOPNOTSUPP || result == -EPIPE ? result : unsock_segment_total(message);
}

/* True if EPIPE means that the receiver has shut down reading, which a UDP sender never learns. Otherwise
 * `fd` is now another socket, or the sender has shut down writing: then a send to no receiver also returns EPIPE. */
static bool is_deaf(int fd) {
    static const struct msghdr empty;
    return unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX && send_to_none(fd, &empty, MSG_NOSIGNAL) != -EPIPE;
}

struct attempt {
    const struct route *route;
    struct msghdr *message;
};

static long way_send(const struct unsock_port_search *search) {
    const struct attempt *attempt = search->attempt;
    attempt->message->msg_namelen = search->length;
    return send_now(attempt->route, attempt->message);
}

/* If the port stands for a plain sender (files/plain_senders.h), sends to that; else tries the port's names in turn. */
static long send_by_names(const struct route *route, struct msghdr *message, long result) {
    struct attempt attempt = {route, message};
    struct unsock_port_search search = {.target = route->ip, .type = SOCK_DGRAM, .spread = route->entry->local.port};
    socklen_t plain = unsock_plain_sender_find(route->ip->port, message->msg_name);
    if (plain > 0) {
        message->msg_namelen = plain;
        return send_now(route, message);
    }
    search.path = message->msg_name;
    search.length = message->msg_namelen;
    search.way = way_send;
    search.attempt = &attempt;
    result = unsock_port_go_on(&search, result);
    message->msg_namelen = search.length;
    return result;
}

UNSOCK_OWN_FRAME static long send_outside(const struct route *route, const struct msghdr *message) {
    union unsock_sockaddr address;
    struct msghdr outside = *message;
    outside.msg_name = &address;
    outside.msg_namelen = unsock_ip_write(route->ip, route->entry->domain, &address);
    return unsock_datagram_send_real(route->fd, route->entry, &outside, route->flags);
}

static long send_to_target(const struct route *route, const struct msghdr *message) {
    long result = unsock_real_sendmsg(route->fd, message, route->flags);
    return unsock_tipc_service_absent(route->fd, result, false, unsock_segment_total(message));
}

/* Connects to the target of the port's control file, and sends. Without a control file returns `result`; but if the
 * file there is unreadable, or is another regular file, sets *over and returns -errno. */
UNSOCK_OWN_FRAME static long send_by_control(const struct route *route, const struct msghdr *message, long result,
                                             bool *over) {
    struct sockaddr_un path;
    long there = 0;
    if (!unsock_resolve_is_worth_it(result) || unsock_port_is_own_path(message->msg_name))
        return result;
    unsock_address_path(route->ip->port, SOCK_DGRAM, &path);
    if (!unsock_datagram_connect_by_control(route->fd, route->entry, &path, route->ip, &there)) {
        *over = there < 0;
        return there < 0 ? there : result;
    }
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    return there < 0 ? there : send_to_target(route, &plain);
}

/* Reconnects to `fd` each socket of this process that is connected to an earlier socket with the name of `fd`: the
 * kernel refuses datagrams from `fd` to a socket with another peer. Returns true if any was reconnected. */
static bool reconnect_own(int fd, const struct unsock_fd *entry) {
    union unsock_sockaddr own, peer;
    long length = unsock_socket_name(fd, __NR_getsockname, &own);
    bool any = false;
    for (int other = -1; length > 0 && (other = unsock_fds_next_with_file(other + 1)) >= 0;) {
        const struct unsock_fd *its = unsock_fds_known(other);
        if (its && its->kind == UNSOCK_KIND_LOCAL && its->type == SOCK_DGRAM && its->state == UNSOCK_STATE_CONNECTED &&
            unsock_fd_remote(its)->port == entry->local.port && other != fd &&
            unsock_socket_name(other, __NR_getpeername, &peer) == length && unsock_same(&own, &peer, (size_t)length))
            any |= unsock_connect(other, &own, length) == 0;
    }
    return any;
}

/* True if the socket is unconnected, and gets an error if no socket has the port (IP_RECVERR, IPV6_RECVERR). */
static bool hears_of_nobody(const struct route *route) {
    int level = route->ip->family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;
    return route->entry->options != 0 && !unsock_state_is_connected(route->entry->state) &&
           unsock_option_flag(route->fd, route->entry, level, level == IPPROTO_IPV6 ? IPV6_RECVERR : IP_RECVERR);
}

/* True if the socket is connected to the datagram's address, and so learns of errors. */
static bool is_to_peer(const struct route *route) {
    const struct unsock_fd *entry = route->entry;
    return !route->ip || (unsock_state_is_connected(entry->state) && !(entry->flags & UNSOCK_DATAGRAM_BY_CONTROL) &&
                          unsock_fd_remote(entry)->port == route->ip->port &&
                          unsock_ip_same_address(unsock_fd_remote(entry), route->ip));
}

/* Drops a datagram to the connected address, which no socket has. Leaves the error for the next call; if that is not
 * possible, returns -ECONNREFUSED. */
static long send_to_nobody(const struct route *route, const struct msghdr *message) {
    struct unsock_fd *entry = route->entry;
    long result = drop(route, message);
    if (result >= 0 && !unsock_datagram_leave_error(route->fd, entry, unsock_datagram_tell_sharers(route->fd, entry)))
        return -ECONNREFUSED;
    unsock_fds_mark(entry, UNSOCK_DATAGRAM_NOBODY_HEARD);
    if (!(entry->flags & UNSOCK_DATAGRAM_BY_CONTROL))
        unsock_datagram_set_nobody(entry);
    unsock_fds_tell_duplicates(route->fd);
    return result;
}

/* Takes `way` after the error `result`, and returns the new result. Sets *over if the program gets this result. */
static long go(enum way way, const struct route *route, struct msghdr *message, long result, bool *over) {
    int fd = route->fd;
    struct unsock_fd *entry = route->entry;
    switch (way) {
    case PENDING:
        *over = takes_error(route, result);
        return *over ? -ECONNREFUSED : send_now(route, message);
    case NAMES:
        return send_by_names(route, message, result);
    case FILTER:
        *over = unsock_socket_may_not_send();
        return result;
    case AGAIN: /* EPERM: the server may have given the peer's socket to another client (calls/datagram_sessions.c) */
        return unsock_datagram_connect_again(fd, entry) == 0 ? send_now(route, message) : result;
    case QUEUE:
        *over = true;
        return unsock_datagram_full(fd, entry, message, route->flags);
    case OUTSIDE:
        *over = unsock_settings.fallback;
        return *over ? send_outside(route, message) : result;
    case CONTROL:
        return send_by_control(route, message, result, over);
    case OWN_SOCKETS:
        result = reconnect_own(fd, entry) ? send_now(route, message) : result;
        return result == -EPERM ? unsock_datagram_send_by_sibling(fd, entry, message, route->flags) : result;
    case TELL:
        *over = hears_of_nobody(route);
        return *over ? -ECONNREFUSED : result;
    case NOBODY:
        *over = is_to_peer(route);
        return *over ? send_to_nobody(route, message) : result;
    case DROP:
        *over = true;
        return result == -EPIPE && !is_deaf(fd) ? result : drop(route, message);
    }
    return result;
}

static bool is_after(const int16_t on[3], long result) {
    long as_udp = unsock_errno_as_ip(UNSOCK_AT_SEND, result);
    for (int i = 0; i < 3 && on[i] != 0; i++) {
        if (on[i] == -result || on[i] == -as_udp)
            return true;
    }
    return false;
}

/* Continues after the first send has returned `result`: a send to the name in the message, or to the connected peer. If
 * there was no first send, `result` is -ENOENT (no name is known) or -ENOTCONN. */
static long go_on(const struct route *route, struct msghdr *message, long result) {
    bool over = false;
    if (!route->ip && !unsock_state_is_connected(route->entry->state))
        return result == -ENOTCONN || result == -EPIPE || result == -EFAULT ? -EDESTADDRREQ : result;
    for (size_t i = 0; result < 0 && !over && i < sizeof(ways) / sizeof(ways[0]); i++) {
        if ((ways[i].to & (route->ip ? TO_ADDRESS : TO_PEER)) && is_after(ways[i].on, result))
            result = go(ways[i].way, route, message, result, &over);
    }
    return result;
}

void unsock_datagram_note_target(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    if (entry->state == UNSOCK_STATE_NOBODY)
        unsock_datagram_connect_again(fd, entry);
    unsock_datagram_choose_source(fd, entry, ip);
    if (entry->state == UNSOCK_STATE_SENT && unsock_fd_remote(entry)->port != ip->port)
        unsock_fds_mark(entry, UNSOCK_DATAGRAM_MANY);
    if (!unsock_state_is_connected(entry->state))
        unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_SENT);
}

long unsock_datagram_send_on(int fd, struct unsock_fd *entry, struct msghdr *message, int flags,
                             const struct unsock_ip *ip, long result) {
    struct route route = {fd, flags, entry, ip, NULL};
    return unsock_errno_as_ip(UNSOCK_AT_STEP, go_on(&route, message, result));
}

long unsock_datagram_written(int fd, const struct msghdr *message, int flags, long result) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    struct msghdr copy = *message;
    /* Without an entry, another thread has closed the descriptor meanwhile. */
    return entry ? unsock_datagram_send_on(fd, entry, &copy, flags, NULL, result)
                 : unsock_errno_as_ip(UNSOCK_AT_STEP, result);
}

static long send_first(const struct route *route, struct msghdr *message) {
    if (!route->ip && !unsock_state_is_connected(route->entry->state))
        return go_on(route, message, -ENOTCONN);
    return go_on(route, message, route->ip && message->msg_namelen == 0 ? -ENOENT : send_now(route, message));
}

static bool is_foreign(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_FOREIGN && (entry->flags & UNSOCK_NAMED);
}

/* Sends datagrams of `size` bytes: as one batch if the receiver takes batches, else several by one call. If a datagram
 * after the first cannot be sent, drops it and the rest: UDP drops datagrams at a full queue, too. */
UNSOCK_OWN_FRAME static long send_segments(const struct route *route, struct msghdr *message, bool at_target,
                                           size_t size) {
    struct unsock_segment segment;
    struct unsock_batch batch = {message, 0, size, 0};
    struct route first = *route;
    first.batch = at_target ? NULL : &batch;
    bool was_foreign = is_foreign(route->entry);
    long total = unsock_segment_total(message);
    while ((long)batch.from < total) {
        size_t from = batch.from;
        long cut = unsock_segment_cut(message, from, size, &segment);
        long result = cut < 0     ? cut
                      : at_target ? send_to_target(&first, &segment.message)
                                  : send_first(&first, &segment.message);
        if (result < 0)
            return from > 0 ? total : result;
        batch.from += batch.from == from ? (size_t)cut : 0;
        if (route->entry->flags & UNSOCK_DATAGRAM_NOBODY_HEARD)
            break; /* the rest would take the error, which is for the program's next call */
        message->msg_namelen = segment.message.msg_namelen;
        if (!was_foreign && is_foreign(route->entry)) { /* the first datagram has connected the socket */
            at_target = was_foreign = true;
            message->msg_name = NULL;
            message->msg_namelen = 0;
        }
    }
    return total;
}

/* For a socket that a control file has bound or connected: addresses the message to the plain sender that has the port
 * (files/plain_senders.h), or else to the connected target, and returns 1. Returns 0 if the message must be sent as on
 * a local socket; or -errno. */
static long name_target(const struct route *route, struct msghdr *message) {
    bool connected = unsock_state_is_connected(route->entry->state);
    bool to_target = connected && (route->entry->flags & UNSOCK_DATAGRAM_BY_CONTROL);
    if (unsock_socket_option(route->fd, SO_DOMAIN) == AF_UNIX && !to_target)
        return 0;
    message->msg_namelen = unsock_plain_sender_find(route->ip->port, message->msg_name);
    if (message->msg_namelen == 0 && !connected)
        return unsock_datagram_be_local(route->fd, route->entry, route->ip);
    if (message->msg_namelen == 0)
        message->msg_name = NULL;
    return 1;
}

/* Sends one datagram; or, if `size` is not 0, several of `size` bytes. */
static long send_to(const struct route *route, const struct msghdr *message, size_t size) {
    struct sockaddr_un path;
    struct msghdr copy = *message;
    copy.msg_name = route->ip ? &path : NULL;
    copy.msg_namelen = 0;
    copy.msg_control = NULL;
    copy.msg_controllen = 0;
    long at_target = route->ip && is_foreign(route->entry) ? name_target(route, &copy) : 0;
    if (at_target < 0)
        return at_target;
    if (!at_target && route->ip) {
        unsock_datagram_note_target(route->fd, route->entry, route->ip);
        copy.msg_namelen = unsock_port_known_path(route->ip, SOCK_DGRAM, false, &path);
    }
    if (size > 0)
        return send_segments(route, &copy, at_target, size);
    return at_target ? send_to_target(route, &copy) : send_first(route, &copy);
}

/* Returns the size that UDP_SEGMENT sets, in the message or as the socket's option; 0: none. */
static size_t segment_size(int fd, const struct unsock_fd *entry, const struct msghdr *message) {
    size_t size = unsock_segment_size(message);
    if (size > 0 || !(entry->options & UNSOCK_OPTION_SOME_RARE))
        return size;
    int32_t option = unsock_option_number(fd, entry, IPPROTO_UDP, UNSOCK_UDP_SEGMENT);
    return option > 0 ? (size_t)option : 0;
}

/* Sends `total` bytes, without control data. Not inlined: unsock_datagram_be_local needs the stack for itself. */
UNSOCK_OWN_FRAME static long send_named(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                                        const struct unsock_ip *ip, long total) {
    struct route route = {fd, flags, entry, ip, NULL};
    bool foreign = ip && is_foreign(entry);
    size_t size = segment_size(fd, entry, message);
    long result = unsock_errno_as_ip(UNSOCK_AT_STEP, send_to(&route, message, total > (long)size ? size : 0));
    return ip && !foreign ? unsock_log("sendto", fd, ip, NULL, result) : result;
}

long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip) {
    long total = unsock_segment_total(message);
    if (total < 0 || (size_t)total > unsock_datagram_most(entry, ip))
        return total < 0 ? total : -EMSGSIZE;
    long result = message->msg_controllen > 0 ? unsock_send_control_check(entry, message) : 0;
    if (result < 0)
        return result;
    bool urgent = (flags & MSG_OOB) && entry->domain == AF_INET;
    if (urgent || (ip && ip->port == 0))
        return urgent ? -EOPNOTSUPP : -EINVAL;
    /* Must come before send_named: it reads options, which the library knows for a local socket, not for a UDP one. */
    result = ip && !is_foreign(entry) ? unsock_datagram_be_local(fd, entry, ip) : 0;
    if (result < 0)
        return unsock_log("sendto", fd, ip, NULL, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
    return send_named(fd, entry, message, flags, ip, total);
}
