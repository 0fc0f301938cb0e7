/* sendto, sendmsg and sendmmsg: who does the work? */
#include "calls/send.h"

#include "calls/datagram.h"
#include "calls/dispatch.h"
#include "kernel/identify.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/option_table.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/settings.h"

#define SIGPIPE_NUMBER 13

static bool is_ip_address(const void *address, socklen_t length) {
    uint16_t family = 0;
    if (!unsock_is_nowhere(address) && length >= sizeof(family))
        memcpy(&family, address, sizeof(family));
    return family == AF_INET || family == AF_INET6;
}

/* UDP takes AF_UNSPEC for AF_INET, or, over IPv6, for no address at all (net/ipv4/udp.c, net/ipv6/udp.c). */
static bool is_unspecified(const void *address, socklen_t length) {
    uint16_t family = AF_INET;
    if (!unsock_is_nowhere(address) && length >= sizeof(struct sockaddr_in))
        memcpy(&family, address, sizeof(family));
    return family == AF_UNSPEC;
}

static bool is_covered(const void *address, socklen_t length) {
    struct unsock_ip ip;
    return unsock_ip_read(address, length, &ip) && unsock_address_covered(&ip);
}

/* Would sending with this destination (NULL: none) concern the library? */
static bool concerns(int fd, const void *address, socklen_t length, int flags) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && unsock_fd_is_redirected(entry))
        return true;
    if (!address || (entry && entry->kind == UNSOCK_KIND_OTHER && !unsock_settings.block_inet))
        return false;
    if (entry && entry->type == SOCK_STREAM && !(flags & MSG_FASTOPEN))
        return false;
    return is_covered(address, length) || is_unspecified(address, length) ||
           (unsock_settings.block_inet && is_ip_address(address, length));
}

/* TCP ignores an address on a connected socket; with MSG_FASTOPEN it connects first (tcp(7)). */
static long send_stream(int fd, const struct msghdr *message, int flags) {
    struct msghdr plain = *message;
    if ((flags & MSG_FASTOPEN) && message->msg_name) {
        if (is_unspecified(message->msg_name, message->msg_namelen))
            return -EOPNOTSUPP;
        long result = unsock_call_connect(fd, message->msg_name, message->msg_namelen);
        if (result < 0)
            return result;
    }
    plain.msg_name = NULL;
    plain.msg_namelen = 0;
    long result = unsock_real_send(fd, &plain, flags & ~MSG_FASTOPEN);
    if (result != -ENOTCONN)
        return result;
    /* TCP says that it cannot be written to, with the signal that goes with it (sk_stream_error). */
    if (!(flags & MSG_NOSIGNAL))
        unsock_sys(__NR_tgkill, unsock_sys(__NR_getpid), unsock_sys(__NR_gettid), SIGPIPE_NUMBER);
    return -EPIPE;
}

/* UNSOCK_PORT names the servers' ports. Their clients' ports are others, and answers to them stay here too. */
static bool is_local_client(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    struct unsock_ip address = *ip;
    address.port = 0;
    return entry->kind == UNSOCK_KIND_LOCAL && unsock_address_covered(&address);
}

static long send_message(int fd, const struct msghdr *message, int flags);

static long send_unspecified(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags) {
    struct sockaddr_in in;
    struct msghdr named = *message;
    memcpy(&in, message->msg_name, sizeof(in));
    in.sin_family = AF_INET;
    named.msg_name = entry->domain == AF_INET ? &in : NULL;
    named.msg_namelen = entry->domain == AF_INET ? sizeof(in) : 0;
    return send_message(fd, &named, flags);
}

/* A socket that is none of ours, a raw one for example. */
static long send_other(int fd, const struct msghdr *message, int flags) {
    if (unsock_settings.block_inet && (is_ip_address(message->msg_name, message->msg_namelen) ||
                                       (is_unspecified(message->msg_name, message->msg_namelen) &&
                                        unsock_socket_option(fd, SO_DOMAIN) == AF_INET)))
        return -EACCES;
    return unsock_real_sendmsg(fd, message, flags);
}

static long send_message(int fd, const struct msghdr *message, int flags) {
    struct unsock_fd scratch;
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_identify(fd, &scratch);
    bool has_ip = is_ip_address(message->msg_name, message->msg_namelen);
    if (!unsock_fd_is_redirected(entry) && entry->kind != UNSOCK_KIND_IP)
        return send_other(fd, message, flags);
    if (entry->type == SOCK_STREAM)
        return send_stream(fd, message, flags);
    if (is_unspecified(message->msg_name, message->msg_namelen))
        return send_unspecified(fd, entry, message, flags);
    if (!message->msg_name || message->msg_namelen == 0)
        return entry->kind == UNSOCK_KIND_LOCAL ? unsock_datagram_send(fd, entry, message, flags, NULL)
                                                : unsock_real_sendmsg(fd, message, flags);
    if (unsock_is_nowhere(message->msg_name))
        return -EFAULT;
    if (!has_ip)
        return entry->kind == UNSOCK_KIND_LOCAL ? -EAFNOSUPPORT : unsock_real_sendmsg(fd, message, flags);
    if (!unsock_ip_read(message->msg_name, message->msg_namelen, &ip))
        return -EINVAL;
    if (ip.family == AF_INET6 && entry->domain == AF_INET)
        return -EAFNOSUPPORT;
    if (unsock_address_covered(&ip) || entry->kind == UNSOCK_KIND_FOREIGN || is_local_client(entry, &ip))
        return unsock_datagram_send(fd, entry, message, flags, &ip);
    if (unsock_settings.block_inet)
        return -EACCES;
    return unsock_datagram_send_real(fd, entry, message, flags);
}

ssize_t unsock_call_sendmsg(int fd, const struct msghdr *message, int flags) {
    if (unsock_is_nowhere(message) || !concerns(fd, message->msg_name, message->msg_namelen, flags))
        return unsock_real_sendmsg(fd, message, flags);
    return send_message(fd, message, flags);
}

static ssize_t send_to(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length) {
    struct unsock_ip ip;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool named = entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_DGRAM &&
                 (entry->flags & UNSOCK_NAMED) && !(entry->options & UNSOCK_OPTION_SOME_RARE);
    if (named && unsock_ip_read(address, length, &ip) && ip.port != 0 && size <= unsock_datagram_most(entry, &ip) &&
        (ip.family == AF_INET || entry->domain == AF_INET6) && is_local_client(entry, &ip))
        return unsock_datagram_sendto(fd, entry, data, size, flags, &ip);
    struct iovec part = {.iov_len = size};
    struct msghdr message = {.msg_namelen = address ? length : 0, .msg_iov = &part, .msg_iovlen = 1};
    memcpy(&part.iov_base, &data, sizeof(data));
    memcpy(&message.msg_name, &address, sizeof(address));
    return send_message(fd, &message, flags);
}

ssize_t unsock_call_sendto(int fd, const void *data, size_t size, int flags, const void *address, socklen_t length) {
    if (!concerns(fd, address, length, flags))
        return unsock_real_sendto(fd, data, size, flags, address, length);
    return send_to(fd, data, size, flags, address, length);
}

static bool any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags) {
    for (unsigned i = 0; !unsock_is_nowhere(messages) && i < count; i++) {
        if (concerns(fd, messages[i].header.msg_name, messages[i].header.msg_namelen, flags))
            return true;
    }
    return false;
}

long unsock_call_sendmmsg(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags) {
    if (!any_concerns(fd, messages, count, flags))
        return unsock_real_sendmmsg(fd, messages, count, flags);
    for (unsigned i = 0; i < count; i++) {
        long result = send_message(fd, &messages[i].header, flags);
        if (result < 0)
            return i > 0 ? (long)i : result;
        messages[i].length = (unsigned)result;
    }
    return (long)count;
}
