/* Addresses that do not fit the socket. */
#include "calls/arguments.h"

#include "kernel/socket_info.h"
#include "rules/settings.h"

long unsock_call_check(const struct unsock_fd *entry, int family, socklen_t length) {
    if (length < (entry->domain == AF_INET6 ? UNSOCK_IN6_LEAST : sizeof(struct sockaddr_in)))
        return -EINVAL;
    return family == entry->domain ? 0 : -EAFNOSUPPORT;
}

bool unsock_call_names_ip(const struct msghdr *message) {
    const struct sockaddr *name = message->msg_name;
    return name && message->msg_namelen >= sizeof(name->sa_family) && unsock_call_is_ip(name->sa_family);
}

bool unsock_call_names_unspecified(const struct msghdr *message) {
    const struct sockaddr *name = message->msg_name;
    return name && message->msg_namelen >= sizeof(name->sa_family) && name->sa_family == AF_UNSPEC;
}

bool unsock_call_names_covered(const struct msghdr *message) {
    struct unsock_ip ip;
    return message->msg_name && unsock_ip_read(message->msg_name, message->msg_namelen, &ip) &&
           unsock_address_covered(&ip);
}

bool unsock_call_is_ipv6_only(int fd, const struct unsock_fd *entry) {
    bool by_address =
        (entry->flags & UNSOCK_BOUND) && entry->local.family == AF_INET6 && !unsock_ip_is_wildcard(&entry->local);
    return entry->domain == AF_INET6 && (by_address || unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY));
}

/* As udp_sendmsg in net/ipv4/udp.c and udpv6_sendmsg in net/ipv6/udp.c. */
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
