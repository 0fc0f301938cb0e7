/* Checks whether a call's address or message fits the socket, and whether the library handles the call. */
#include "calls/arguments.h"

#include "replace/replace.h"
#include "rules/settings.h"

long unsock_call_check(const struct unsock_fd *entry, int family, socklen_t length) {
    if (length < (entry->domain == AF_INET6 ? UNSOCK_IN6_LEAST : sizeof(struct sockaddr_in)))
        return -EINVAL;
    return family == entry->domain ? 0 : -EAFNOSUPPORT;
}

long unsock_call_own_ip(int fd, struct unsock_ip *ip) {
    union unsock_sockaddr address;
    long length = unsock_socket_name(fd, __NR_getsockname, &address);
    return length >= 0 && !unsock_ip_read(&address, (size_t)length, ip) ? -EINVAL : UNSOCK_MIN(length, 0);
}

bool unsock_call_is_ipv6_only(int fd, const struct unsock_fd *entry) {
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    bool by_address = (entry->flags & UNSOCK_BOUND) && bound.family == AF_INET6 && !unsock_ip_is_wildcard(&bound);
    return entry->domain == AF_INET6 && (by_address || unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY));
}

/* Follows udp_sendmsg in net/ipv4/udp.c and udpv6_sendmsg in net/ipv6/udp.c. */
long unsock_call_check_destination(int fd, const struct unsock_fd *entry, int family, socklen_t length) {
    if (entry->domain == AF_INET)
        return length >= sizeof(struct sockaddr_in) && family == AF_UNSPEC ? 0
                                                                           : unsock_call_check(entry, family, length);
    if (length < sizeof(sa_family_t) || (family == AF_INET6 && length < UNSOCK_IN6_LEAST))
        return -EINVAL;
    if (family == AF_INET && unsock_call_is_ipv6_only(fd, entry))
        return -ENETUNREACH;
    if (family == AF_INET && length < sizeof(struct sockaddr_in))
        return -EINVAL;
    return family == AF_INET6 || family == AF_INET || family == AF_UNSPEC ? 0 : -EINVAL;
}

#define CONTROL_MOST 65536

bool unsock_outgoing_is_plain(const struct unsock_fd *entry, int flags) {
    if (!entry || unsock_fd_is_redirected(entry))
        return false;
    if (entry->kind == UNSOCK_KIND_OTHER)
        return !unsock_settings.block_inet;
    return entry->type == SOCK_STREAM && !(flags & MSG_FASTOPEN);
}

long unsock_outgoing_concerns(int fd, const struct msghdr *message, int flags) {
    struct unsock_ip ip;
    int family = unsock_call_family(message);
    bool may_be_ours =
        family == AF_UNSPEC ||
        (family >= 0 && unsock_ip_read(message->msg_name, message->msg_namelen, &ip) && unsock_address_covered(&ip));
    if (unsock_outgoing_is_plain(unsock_fds_known(fd), flags)) {
        /* Checks that the entry is not out of date: a message to a covered address must not reach the network. */
        long another = may_be_ours ? unsock_reuse_look(fd) : 0;
        if (another <= 0)
            return another;
    }
    const struct unsock_fd *entry = unsock_fds_known(fd);
    return (entry && unsock_fd_is_redirected(entry)) || may_be_ours ||
           ((!entry || unsock_settings.block_inet) && unsock_call_is_ip(family));
}

bool unsock_outgoing_any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags) {
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry && unsock_fd_is_redirected(entry))
        return true;
    for (unsigned i = 0; i < count; i++) {
        struct unsock_outgoing outgoing;
        if (!unsock_outgoing_take(&outgoing, &messages[i].header))
            return i > 0 && !unsock_outgoing_is_plain(entry, flags);
        /* True also if the check fails (-errno): the caller then sends the messages one by one, each with its error. */
        if (unsock_outgoing_concerns(fd, &outgoing.message, flags) != 0)
            return true;
    }
    return false;
}

bool unsock_outgoing_take(struct unsock_outgoing *outgoing, const struct msghdr *message) {
    if (unsock_user_read(&outgoing->message, message, sizeof(*message)) < 0)
        return false;
    const void *name = outgoing->message.msg_name;
    socklen_t length = outgoing->message.msg_namelen;
    if (length > sizeof(outgoing->name) && length <= INT32_MAX)
        length = sizeof(outgoing->name);
    bool none = !name || length == 0;
    outgoing->message.msg_name = none ? NULL : &outgoing->name;
    outgoing->message.msg_namelen = none ? 0 : length;
    return none || (length <= sizeof(outgoing->name) && unsock_user_read(&outgoing->name, name, length) == 0);
}

bool unsock_outgoing_can_be_read(const struct msghdr *message, bool stream) {
    return (stream || (message->msg_iovlen <= UNSOCK_OUTGOING_PARTS_MOST &&
                       unsock_user_readable(message->msg_iov, message->msg_iovlen * sizeof(struct iovec)))) &&
           message->msg_controllen <= CONTROL_MOST &&
           unsock_user_readable(message->msg_control, message->msg_controllen);
}
