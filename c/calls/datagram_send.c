/* Sends datagrams to the socket of an address, to the connected peer or to a control file's target. If none takes the
 * datagram, does as UDP would. */
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

#define UDP6_MOST 65527

size_t unsock_datagram_most(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    uint16_t family = ip ? ip->family : unsock_fd_remote(entry)->family;
    return entry->domain == AF_INET6 && family != AF_INET ? UDP6_MOST : UNSOCK_DATAGRAM_LEAST_MOST;
}

/* Returns the kernel's error for the message at any destination: sends it to a name that no socket can have. */
static long send_to_none(int fd, const struct msghdr *message, int flags) {
    struct sockaddr_un none = {.sun_family = AF_UNIX, .sun_path = "/"};
    struct msghdr copy = *message;
    copy.msg_name = &none;
    copy.msg_namelen = sizeof(none);
    return unsock_sendmsg(fd, &copy, flags | MSG_DONTWAIT);
}

/* True if this call must report that nobody received the program's last datagram. It is reported once. */
static bool takes_error(int fd, struct unsock_fd *entry, long result) {
    bool told = result == -ECONNRESET && (entry->flags & UNSOCK_DATAGRAM_NOBODY_HEARD);
    if (told) {
        unsock_fds_unmark(entry, UNSOCK_DATAGRAM_NOBODY_HEARD);
        unsock_fds_tell_duplicates(fd);
    }
    return told;
}

/* Sends a datagram that no socket takes. Returns its size, as UDP does not report the loss, or an error with which UDP
 * would not send it. */
static long send_in_vain(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, long size) {
    long result = send_to_none(fd, message, flags);
    if (takes_error(fd, entry, result))
        return -ECONNREFUSED;
    return result == -EFAULT || result == -EOPNOTSUPP || result == -EPIPE ? result : size;
}

/* True if the receiver has shut down reading, which a UDP sender never learns. EPIPE has other causes: another socket
 * has the number by now, or the sender has shut down writing; then it gets EPIPE for any receiver, even for none. */
static bool is_deaf(int fd, long result) {
    static const struct msghdr empty;
    return result == -EPIPE && unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX &&
           send_to_none(fd, &empty, MSG_NOSIGNAL) != -EPIPE;
}

static long send_by_target(int fd, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    return unsock_tipc_service_absent(fd, unsock_real_sendmsg(fd, &plain, flags), false, unsock_segment_total(message));
}

/* Sends to the network after all (UNSOCK_FALLBACK). */
UNSOCK_OWN_FRAME static long send_outside(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                                          const struct unsock_ip *ip) {
    union unsock_sockaddr address;
    struct msghdr outside = *message;
    outside.msg_name = &address;
    outside.msg_namelen = unsock_ip_write(ip, entry->domain, &address);
    return unsock_datagram_send_real(fd, entry, &outside, flags);
}

/* A datagram for the address `ip`, and the socket file to which it is sent next. */
struct sending {
    int fd;
    int flags;
    const struct msghdr *message; /* `path` takes the place of its name */
    const struct unsock_ip *ip;
    struct sockaddr_un *path;
    socklen_t length;
};

static long way_send(void *of_sending) {
    const struct sending *sending = of_sending;
    struct msghdr local = *sending->message;
    local.msg_name = sending->path;
    local.msg_namelen = sending->length;
    return unsock_real_send_message(sending->fd, &local, sending->flags);
}

/* Sends to the connected address, which no socket has. Returns the size, and leaves the error for the next call; if
 * that is not possible, returns -ECONNREFUSED. */
static long send_to_nobody(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, long size) {
    long result = send_in_vain(fd, entry, message, flags, size);
    if (result == size && !unsock_datagram_leave_error(fd, entry, unsock_datagram_tell_sharers(fd, entry)))
        return -ECONNREFUSED;
    unsock_fds_mark(entry, UNSOCK_DATAGRAM_NOBODY_HEARD);
    if (!(entry->flags & UNSOCK_DATAGRAM_BY_CONTROL))
        unsock_datagram_set_nobody(entry);
    unsock_fds_tell_duplicates(fd);
    return result;
}

/* True if an unconnected socket gets an error if no socket has the port (IP_RECVERR, IPV6_RECVERR). */
static bool hears_of_nobody(int fd, const struct unsock_fd *entry, const struct unsock_ip *ip) {
    if (entry->options == 0 || unsock_state_is_connected(entry->state))
        return false;
    return ip->family == AF_INET6 ? unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_RECVERR)
                                  : unsock_option_flag(fd, entry, IPPROTO_IP, IP_RECVERR);
}

/* Connects to `fd` each socket of this process that is connected to an earlier socket of the same name: the kernel
 * would refuse what `fd` sends to it. Returns true if any was. */
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

/* True if the socket is connected to this address, and so learns of errors. */
static bool is_own_peer(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    return unsock_state_is_connected(entry->state) && !(entry->flags & UNSOCK_DATAGRAM_BY_CONTROL) &&
           unsock_fd_remote(entry)->port == ip->port && unsock_ip_same_address(unsock_fd_remote(entry), ip);
}

/* Continues after no socket took the datagram: waits, sends it elsewhere, or returns what UDP would. */
static long not_taken(struct sending *sending, struct unsock_fd *entry, int flags, long result) {
    long there;
    int fd = sending->fd;
    struct msghdr local = *sending->message;
    local.msg_name = sending->path;
    local.msg_namelen = sending->length;
    if (result == -EAGAIN || result == -EINTR)
        return unsock_datagram_full(fd, entry, &local, flags, (size_t)unsock_segment_total(&local));
    if (result == -ENOENT && unsock_settings.fallback)
        return send_outside(fd, entry, &local, flags, sending->ip);
    if (unsock_resolve_is_worth_it(result) && !unsock_port_is_own_path(sending->path)) {
        if (unsock_datagram_connect_by_control(fd, entry, sending->path, sending->ip, &there))
            result = there < 0 ? there : send_by_target(fd, &local, flags);
        else if (there < 0)
            return there;
    }
    if (result == -EPERM && unsock_socket_may_not_send())
        return -EACCES;
    if (result == -EPERM && reconnect_own(fd, entry))
        result = way_send(sending);
    if (result == -EPERM)
        result = unsock_datagram_send_by_sibling(fd, entry, &local, flags);
    if (result >= 0)
        return result;
    bool nobody = unsock_errno_is_nobody(result) || result == -EPERM;
    if (nobody && hears_of_nobody(fd, entry, sending->ip))
        return -ECONNREFUSED;
    long size = unsock_segment_total(&local);
    if (unsock_errno_is_nobody(result) && is_own_peer(entry, sending->ip))
        return send_to_nobody(fd, entry, &local, flags, size);
    /* No socket has the address, or it is connected to another peer, or has shut down reading: UDP drops this. */
    return nobody || is_deaf(fd, result) ? send_in_vain(fd, entry, &local, flags, size) : result;
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

/* Continues after the send to the known name returned `result`. */
static long send_past_known(struct sending *sending, struct unsock_fd *entry, int flags, long result) {
    struct unsock_port_search search = {.target = sending->ip, .type = SOCK_DGRAM, .spread = entry->local.port};
    if (takes_error(sending->fd, entry, result))
        return -ECONNREFUSED;
    if (result == -ECONNRESET)
        result = way_send(sending);
    bool nobody = unsock_errno_is_nobody(result) || result == -EPERM;
    socklen_t plain = nobody ? unsock_plain_sender_find(sending->ip->port, sending->path) : 0;
    if (plain > 0) {
        sending->length = plain;
        result = way_send(sending);
    } else if (result < 0) {
        search.path = sending->path;
        search.length = &sending->length;
        search.way = way_send;
        search.attempt = sending;
        result = unsock_port_go_on(&search, result);
        if (takes_error(sending->fd, entry, result))
            return -ECONNREFUSED;
        result = result == -ECONNRESET ? way_send(sending) : result;
    }
    return result >= 0 ? result : not_taken(sending, entry, flags, result);
}

static long send_to(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                    const struct unsock_ip *ip) {
    struct sockaddr_un path;
    struct sending sending = {.fd = fd, .message = message, .ip = ip, .path = &path};
    unsock_datagram_note_target(fd, entry, ip);
    sending.flags = flags | unsock_datagram_full_flags(entry);
    sending.length = unsock_port_known_path(ip, SOCK_DGRAM, false, &path);
    return send_past_known(&sending, entry, flags, sending.length > 0 ? way_send(&sending) : -ENOENT);
}

long unsock_datagram_send_on(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                             const struct unsock_ip *ip, long result) {
    struct sending sending = {.fd = fd, .message = message, .ip = ip, .path = message->msg_name};
    sending.flags = flags | unsock_datagram_full_flags(entry);
    sending.length = message->msg_namelen;
    return unsock_errno_as_ip(UNSOCK_AT_STEP, send_past_known(&sending, entry, flags, result));
}

/* Continues after the kernel returned the error `result` for a send to the connected peer. */
static long go_on_connected(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, long size,
                            long result) {
    if (!unsock_state_is_connected(entry->state))
        return result == -ENOTCONN || result == -EPIPE || result == -EFAULT ? -EDESTADDRREQ : result;
    if (takes_error(fd, entry, result))
        return -ECONNREFUSED;
    int all = flags | unsock_datagram_full_flags(entry);
    if (result == -ECONNRESET)
        result = unsock_sendmsg(fd, message, all);
    bool nobody = result == -ECONNREFUSED || result == -ENOTCONN;
    /* EPERM: the server may have given the peer's socket to another client (calls/datagram_connect.c). */
    if (nobody || (result == -EPERM && !unsock_socket_may_not_send())) {
        if (unsock_datagram_connect_again(fd, entry) == 0)
            result = unsock_sendmsg(fd, message, all);
        else if (nobody)
            return send_to_nobody(fd, entry, message, flags, size);
    }
    if (result == -EAGAIN || result == -EINTR)
        return unsock_datagram_full(fd, entry, message, flags, (size_t)size);
    return (result == -EPERM && !unsock_socket_may_not_send()) || is_deaf(fd, result) ? size : result;
}

static long send_connected(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    long result = -EDESTADDRREQ;
    if (unsock_state_is_connected(entry->state))
        result = unsock_real_send_message(fd, &plain, flags | unsock_datagram_full_flags(entry));
    return result < 0 ? go_on_connected(fd, entry, &plain, flags, unsock_segment_total(&plain), result) : result;
}

long unsock_datagram_written(int fd, const struct msghdr *message, int flags, size_t size, long result) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry) /* else another thread has closed it */
        result = go_on_connected(fd, entry, message, flags, (long)size, result);
    return unsock_errno_as_ip(UNSOCK_AT_STEP, result);
}

/* Sends to the plain sender for which `port` was invented, or else to the connected target. False if neither exists. */
UNSOCK_OWN_FRAME static bool send_back(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags,
                                       uint16_t port, long *result) {
    struct sockaddr_un name;
    struct msghdr there = *message;
    there.msg_namelen = unsock_plain_sender_find(port, &name);
    there.msg_name = there.msg_namelen > 0 ? &name : NULL;
    if (!there.msg_name && !unsock_state_is_connected(entry->state))
        return false;
    *result = unsock_real_sendmsg(fd, &there, flags);
    *result = unsock_tipc_service_absent(fd, *result, false, unsock_segment_total(message));
    return true;
}

/* Sends on a socket that a control file has bound or connected. */
static long send_foreign(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                         const struct unsock_ip *ip) {
    long result;
    bool to_target = unsock_state_is_connected(entry->state) && (entry->flags & UNSOCK_DATAGRAM_BY_CONTROL);
    if (unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX && !to_target)
        return send_to(fd, entry, message, flags, ip);
    if (send_back(fd, entry, message, flags, ip->port, &result))
        return result;
    result = unsock_datagram_be_local(fd, entry, ip);
    return result < 0 ? result : send_to(fd, entry, message, flags, ip);
}

static bool is_foreign(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_FOREIGN && (entry->flags & UNSOCK_NAMED);
}

static long send_one(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                     const struct unsock_ip *ip) {
    bool foreign = ip && is_foreign(entry);
    long result = !ip       ? send_connected(fd, entry, message, flags)
                  : foreign ? send_foreign(fd, entry, message, flags, ip)
                            : send_to(fd, entry, message, flags, ip);
    result = unsock_errno_as_ip(UNSOCK_AT_STEP, result);
    return ip && !foreign ? unsock_log("sendto", fd, ip, NULL, result) : result;
}

/* Returns the size of UDP_SEGMENT, by the message or by the socket's option; 0: none. */
static size_t segment_size(int fd, const struct unsock_fd *entry, const struct msghdr *message) {
    size_t size = unsock_segment_size(message);
    if (size > 0 || !(entry->options & UNSOCK_OPTION_SOME_RARE))
        return size;
    int32_t option = unsock_option_number(fd, entry, IPPROTO_UDP, UNSOCK_UDP_SEGMENT);
    return option > 0 ? (size_t)option : 0;
}

/* Drops the rest if a datagram after the first cannot be sent, as a full queue on the way would. */
static long send_segments(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip, size_t size) {
    struct unsock_segment segment;
    size_t sent = 0;
    long cut;
    while ((cut = unsock_segment_cut(message, sent, size, &segment)) != 0) {
        long result = cut < 0 ? cut : send_one(fd, entry, &segment.message, flags, ip);
        if (result < 0)
            return sent > 0 ? unsock_segment_total(message) : result;
        sent += (size_t)cut;
    }
    return (long)sent;
}

long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip) {
    struct msghdr plain = *message;
    long total = unsock_segment_total(message);
    if (total < 0 || (size_t)total > unsock_datagram_most(entry, ip))
        return total < 0 ? total : -EMSGSIZE;
    long result = message->msg_controllen > 0 ? unsock_send_control_check(entry, message) : 0;
    if (result < 0)
        return result;
    bool urgent = (flags & MSG_OOB) && entry->domain == AF_INET;
    if (urgent || (ip && ip->port == 0))
        return urgent ? -EOPNOTSUPP : -EINVAL;
    /* Before the socket's options are read: as long as it is the kernel's UDP socket, the kernel has them. */
    result = ip && !is_foreign(entry) ? unsock_datagram_be_local(fd, entry, ip) : 0;
    if (result < 0)
        return unsock_log("sendto", fd, ip, NULL, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
    size_t size = segment_size(fd, entry, message);
    plain.msg_control = NULL;
    plain.msg_controllen = 0;
    return size > 0 && total > (long)size ? send_segments(fd, entry, &plain, flags, ip, size)
                                          : send_one(fd, entry, &plain, flags, ip);
}
