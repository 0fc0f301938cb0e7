/* Sending datagrams. */
#include "calls/datagram.h"
#include "calls/datagram_full.h"
#include "calls/datagram_peer.h"
#include "calls/datagram_refused.h"
#include "calls/send_control.h"
#include "files/plain_senders.h"
#include "files/rescue.h"
#include "files/resolve.h"
#include "kernel/log.h"
#include "kernel/option_query.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/option_table.h"
#include "memory/state.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/errno.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/segment.h"
#include "rules/settings.h"
#include "unsock.h"

#define UDP4_MOST 65507 /* 65535 less the IPv4 and UDP headers */
#define UDP6_MOST 65527

size_t unsock_datagram_most(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    return entry->domain == AF_INET6 && (!ip || ip->family == AF_INET6) ? UDP6_MOST : UDP4_MOST;
}

/* A receiver that has shut down reading, which UDP does not hear of; another socket by now says so of itself. */
static bool is_deaf(int fd, long result) {
    return result == -EPIPE && unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX;
}

static long send_by_target(int fd, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    return unsock_real_sendmsg(fd, &plain, flags);
}

/* The port's socket is connected to another client: to the one of the same server that will have it. */
UNSOCK_OWN_FRAME static long send_to_hidden(int fd, const struct msghdr *message, int flags,
                                            const struct unsock_ip *ip) {
    struct sockaddr_un path;
    struct msghdr local = *message;
    long result = -EPERM;
    local.msg_name = &path;
    for (unsigned i = 0; (result == -EPERM || unsock_errno_is_nobody(result)) &&
                         unsock_datagram_next_path(ip, &i, &path, &local.msg_namelen);)
        result = unsock_sys(__NR_sendmsg, fd, &local, flags);
    return result;
}

/* Was this the address's own name, to which the last datagram went? */
static bool is_to_own_name(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    return entry->state == UNSOCK_STATE_SENT && entry->remote.tag == UNSOCK_DATAGRAM_SEVERAL &&
           entry->remote.port == ip->port && unsock_ip_same_address(&entry->remote, ip);
}

/* The port has several sockets. `local` gets the path that was the right one, or the last. */
UNSOCK_OWN_FRAME static long send_among_several(int fd, struct unsock_fd *entry, struct msghdr *local, int flags,
                                                const struct unsock_ip *ip) {
    long result = -ENOENT;
    bool refused = false;
    for (unsigned i = 0; unsock_datagram_goes_on(ip, &i, &refused, local->msg_name, local->msg_namelen, &result) &&
                         unsock_datagram_several_path(ip, &i, local->msg_name, &local->msg_namelen);)
        result = unsock_sys(__NR_sendmsg, fd, local, flags);
    if (result == -ELOOP)
        result = -ENOENT;
    if (!unsock_state_is_connected(entry->state) && unsock_ip_same_address(&entry->remote, ip))
        entry->remote.tag = UNSOCK_DATAGRAM_SEVERAL;
    return result;
}

/* To the network after all: UNSOCK_FALLBACK. */
UNSOCK_OWN_FRAME static long send_outside(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                                          const struct unsock_ip *ip) {
    union unsock_sockaddr address;
    struct msghdr outside = *message;
    outside.msg_name = &address;
    outside.msg_namelen = unsock_ip_write(ip, entry->domain, &address);
    return unsock_datagram_send_real(fd, entry, &outside, flags);
}

/* A datagram to a port's file (`local`) was not taken: what UDP would do, or where else it goes. */
static long not_taken(int fd, struct unsock_fd *entry, struct msghdr *local, int flags, int added,
                      const struct unsock_ip *ip, long result) {
    long there;
    /* An error that was left for who waits (calls/datagram_refused.h): an earlier send has told it. */
    if (result == -ECONNRESET)
        result = unsock_sys(__NR_sendmsg, fd, local, flags | added);
    if (result == -ELOOP || (result == -ENOENT && is_to_own_name(entry, ip))) {
        entry->remote.tag = 0;
        result = send_among_several(fd, entry, local, flags | added, ip);
    }
    if (result == -ECONNREFUSED && unsock_rescue(ip->port, local->msg_name, local->msg_namelen))
        result = unsock_sys(__NR_sendmsg, fd, local, flags | added);
    if (result >= 0)
        return result;
    bool elsewhere = result == -EPERM;
    if (elsewhere)
        result = send_to_hidden(fd, local, flags | added, ip);
    if (result >= 0)
        return result;
    if (result == -EAGAIN || result == -EINTR)
        return unsock_datagram_full(fd, entry, local, flags, added, result, (size_t)unsock_segment_total(local));
    if (result == -ENOENT && unsock_settings.fallback)
        return send_outside(fd, entry, local, flags, ip);
    if (unsock_resolve_is_worth_it(result)) {
        if (unsock_datagram_connect_by_control(fd, entry, local->msg_name, ip, &there))
            return there < 0 ? there : send_by_target(fd, local, flags);
        if (there < 0)
            return there;
    }
    if (elsewhere && unsock_socket_may_not_send())
        return -EACCES;
    /* To nobody, or to somebody connected elsewhere, or who will not read: UDP drops it. */
    return unsock_errno_is_nobody(result) || result == -EPERM || is_deaf(fd, result) ? unsock_segment_total(local)
                                                                                     : result;
}

/* The path to send to; an unconnected socket remembers whom it asked. */
static socklen_t choose_path(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, struct sockaddr_un *path) {
    if (entry->state == UNSOCK_STATE_NOBODY)
        unsock_datagram_connect_again(fd, entry);
    unsock_datagram_choose_source(fd, entry, ip);
    if (entry->state == UNSOCK_STATE_SENT && entry->remote.port != ip->port)
        unsock_fds_mark(entry, UNSOCK_MANY);
    if (is_to_own_name(entry, ip))
        return unsock_own_name_path(ip, path);
    if (!unsock_state_is_connected(entry->state))
        unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_SENT);
    return unsock_datagram_path(ip, path);
}

static long send_to(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                    const struct unsock_ip *ip) {
    struct sockaddr_un path;
    struct msghdr local = *message;
    local.msg_name = &path;
    local.msg_namelen = choose_path(fd, entry, ip, &path);
    int added = unsock_datagram_full_flags(entry);
    long result = unsock_real_send_message(fd, &local, flags | added);
    return result >= 0 ? result : not_taken(fd, entry, &local, flags, added, ip, result);
}

long unsock_datagram_sendto(int fd, struct unsock_fd *entry, const void *data, size_t size, int flags,
                            const struct unsock_ip *ip) {
    struct sockaddr_un path;
    socklen_t length = choose_path(fd, entry, ip, &path);
    int added = unsock_datagram_full_flags(entry);
    long result = unsock_real_sendto(fd, data, size, flags | added, &path, length);
    if (result < 0) {
        struct iovec part = {.iov_len = size};
        struct msghdr local = {.msg_name = &path, .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1};
        memcpy(&part.iov_base, &data, sizeof(data));
        result = not_taken(fd, entry, &local, flags, added, ip, result);
    }
    return unsock_log("sendto", fd, ip, &path, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
}

static long send_connected(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    if (!unsock_state_is_connected(entry->state))
        return -EDESTADDRREQ;
    int added = unsock_datagram_full_flags(entry);
    long result = unsock_real_send_message(fd, &plain, flags | added);
    /* As above. */
    if (result == -ECONNRESET)
        result = unsock_real_send_message(fd, &plain, flags | added);
    if (result == -ECONNREFUSED || result == -ENOTCONN) {
        if (unsock_datagram_connect_again(fd, entry) < 0)
            return unsock_datagram_refused(fd);
        result = unsock_real_send_message(fd, &plain, flags | added);
    }
    if (result == -EAGAIN || result == -EINTR)
        return unsock_datagram_full(fd, entry, &plain, flags, added, result, (size_t)unsock_segment_total(&plain));
    bool elsewhere = result == -EPERM && !unsock_socket_may_not_send();
    return elsewhere || is_deaf(fd, result) ? unsock_segment_total(message) : result;
}

/* Back to a sender that it heard, or on to the target it is connected to. False: there is neither. */
UNSOCK_OWN_FRAME static bool send_back(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags,
                                       uint16_t port, long *result) {
    struct sockaddr_un name;
    struct msghdr there = *message;
    there.msg_namelen = unsock_plain_sender_find(port, &name);
    there.msg_name = there.msg_namelen > 0 ? &name : NULL;
    if (!there.msg_name && !unsock_state_is_connected(entry->state))
        return false;
    *result = unsock_real_sendmsg(fd, &there, flags);
    return true;
}

/* A socket that a control file bound or connected. */
static long send_foreign(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                         const struct unsock_ip *ip) {
    long result;
    bool to_target = unsock_state_is_connected(entry->state) && (entry->flags & UNSOCK_BY_CONTROL);
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

/* By the message, or by the socket's option. 0: none. */
static size_t segment_size(int fd, const struct unsock_fd *entry, const struct msghdr *message) {
    size_t size = unsock_segment_size(message);
    if (size > 0 || !(entry->options & UNSOCK_OPTION_SOME_RARE))
        return size;
    int32_t option = unsock_option_number(fd, entry, IPPROTO_UDP, UNSOCK_UDP_SEGMENT);
    return option > 0 ? (size_t)option : 0;
}

/* What cannot be sent after the first datagram is dropped, as a full queue on the way would drop it. */
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
    if (ip && ip->port == 0)
        return -EINVAL;
    /* Before its options are asked for: until then the kernel has them. */
    result = ip && !is_foreign(entry) ? unsock_datagram_be_local(fd, entry, ip) : 0;
    if (result < 0)
        return unsock_log("sendto", fd, ip, NULL, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
    size_t size = segment_size(fd, entry, message);
    plain.msg_control = NULL;
    plain.msg_controllen = 0;
    if (size > 0 && total > (long)size)
        return send_segments(fd, entry, &plain, flags, ip, size);
    return send_one(fd, entry, &plain, flags, ip);
}
