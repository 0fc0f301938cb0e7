/* Addresses that come with a call, and whether the call is the library's business. */
#ifndef UNSOCK_CALL_ADDRESS_H
#define UNSOCK_CALL_ADDRESS_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rt/user.h"

#define UNSOCK_IN6_LEAST offsetof(struct sockaddr_in6, sin6_scope_id) /* SIN6_LEN_RFC2133 */

/* Copies the program's address. Returns its family; -1 where the kernel itself says EFAULT, or EINVAL for the length.
 */
static inline int unsock_call_address(const void *address, socklen_t length, union unsock_sockaddr *copy) {
    if (length < sizeof(copy->any.sa_family) || length > sizeof(*copy) || unsock_user_read(copy, address, length) < 0)
        return -1;
    return copy->any.sa_family;
}

static inline bool unsock_call_is_ip(int family) {
    return family == AF_INET || family == AF_INET6;
}

/*
 * What the kernel says to an address of this family and length: of bind, and of connect on a socket that is not
 * connected. Returns 0, -EINVAL or -EAFNOSUPPORT.
 */
long unsock_call_check(const struct unsock_fd *entry, int family, socklen_t length);

/* The same of a datagram's destination on a redirected socket: also -ENETUNREACH for IPv4 from a socket that has IPv6
 * peers alone. */
long unsock_call_check_destination(int fd, const struct unsock_fd *entry, int family, socklen_t length);

/* Does an address of IP come with the message, one that is covered, or AF_UNSPEC, which UDP takes for AF_INET, or, over
 * IPv6, for no address at all (net/ipv4/udp.c, net/ipv6/udp.c)? */
bool unsock_call_names_ip(const struct msghdr *message);
bool unsock_call_names_covered(const struct msghdr *message);
bool unsock_call_names_unspecified(const struct msghdr *message);

/* Has the socket IPv6 peers alone? One that is bound to an IPv6 address, and not to all, has (inet6_bind,
 * net/ipv6/af_inet6.c). */
bool unsock_call_is_ipv6_only(int fd, const struct unsock_fd *entry);

/* An IP socket, or one that stands for one. */
static inline bool unsock_call_is_ours(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_IP || unsock_fd_is_redirected(entry);
}

/* A descriptor that stands for an IP socket: the real socket must not see addresses that are not its own kind's. */
static inline bool unsock_call_is_standing_for_ip(const struct unsock_fd *entry) {
    return entry && entry->kind != UNSOCK_KIND_IP && unsock_call_is_ours(entry);
}

#endif
