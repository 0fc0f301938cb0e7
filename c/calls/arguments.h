/* Checks the addresses and messages of a call, and gives addresses back. */
#ifndef UNSOCK_CALLS_ARGUMENTS_H
#define UNSOCK_CALLS_ARGUMENTS_H

#include "memory/fds.h"
#include "rt/user.h"

/* Addresses that come with a call, and whether the call is the library's business. */

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

/* Reads an address of IP that is of the socket's own family, as most are. False: it is another, or cannot be read. */
static inline bool unsock_call_reads_usual(const struct unsock_fd *entry, const struct sockaddr *address,
                                           socklen_t length, struct unsock_ip *ip) {
    return address && length >= sizeof(*address) && length <= sizeof(union unsock_sockaddr) &&
           unsock_user_readable(address, length) && address->sa_family == entry->domain &&
           unsock_ip_read(address, length, ip) && ip->family == entry->domain;
}

/*
 * Returns what the kernel would for an address of this family and length, in bind, and in connect on a socket that is
 * not connected: 0, -EINVAL or -EAFNOSUPPORT.
 */
long unsock_call_check(const struct unsock_fd *entry, int family, socklen_t length);

/* The same of a datagram's destination on a redirected socket: also -ENETUNREACH for IPv4 from a socket that has IPv6
 * peers alone. */
long unsock_call_check_destination(int fd, const struct unsock_fd *entry, int family, socklen_t length);

/* True if the message has an IP address; a covered one; AF_UNSPEC, which UDP takes for AF_INET, or, over IPv6, for no
 * address at all (net/ipv4/udp.c, net/ipv6/udp.c). */
bool unsock_call_names_ip(const struct msghdr *message);
bool unsock_call_names_covered(const struct msghdr *message);
bool unsock_call_names_unspecified(const struct msghdr *message);

/* True if the socket can have IPv6 peers only: it has IPV6_V6ONLY, or is bound to one IPv6 address (inet6_bind,
 * net/ipv6/af_inet6.c). */
bool unsock_call_is_ipv6_only(int fd, const struct unsock_fd *entry);

/* A message that a program sends: copied as the kernel copies it, and whether it is the library's business.
 */

#define UNSOCK_OUTGOING_PARTS_MOST 1024u /* UIO_MAXIOV */

/* A message on its way: a copy of the program's, with its address. All else that the message points to is the program's
 * memory. */
struct unsock_outgoing {
    struct msghdr message; /* its name is NULL, or the one below */
    union unsock_sockaddr name;
};

/* Copies an address, or a message, as the kernel does before it looks at the socket. False where it fails for that. */
bool unsock_outgoing_take_name(struct unsock_outgoing *outgoing, const void *name, socklen_t length);
bool unsock_outgoing_take(struct unsock_outgoing *outgoing, const struct msghdr *message);

/* True if the library leaves the call alone, as long as no address comes with it. */
bool unsock_outgoing_is_plain(const struct unsock_fd *entry, int flags);

/* Returns 1 if the library handles the message, else 0; or -errno where that cannot be known. */
long unsock_outgoing_concerns(int fd, const struct msghdr *message, int flags);

/* The same of several, of which each is asked for by itself then. */
bool unsock_outgoing_any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags);

/* True if all that is read beside the address is readable: at most what the kernel takes; no data of a stream. */
bool unsock_outgoing_can_be_read(const struct msghdr *message, bool stream);

/* socket_names.c: getsockname and getpeername, and the addresses that other calls give. */

/* True if the settings show peers of this family as IP addresses. */
bool unsock_socket_names_converts(int family);

/* The family of the peers that a socket can have: one bound to an IPv4-mapped address has IPv4 peers only. */
int unsock_socket_names_family(const struct unsock_fd *entry);

/*
 * Gives an address to the program as the kernel does: cut to *length, which becomes the true length. Both are the
 * program's memory, as in all that follows. Returns 0, -EFAULT, or -EINVAL for a negative length.
 */
long unsock_socket_names_give(const union unsock_sockaddr *from, socklen_t from_length, void *address,
                              socklen_t *length);

/* Gives an IP address as a socket of `domain` shows it. The same results. */
long unsock_socket_names_give_ip(const struct unsock_ip *ip, int domain, void *address, socklen_t *length);

/*
 * Gives the peer's address of a connected redirected socket, where `peer` is the kernel's own name of it: as an IP
 * address, or unchanged for a family that the settings leave alone. The same results.
 */
long unsock_socket_names_peer(int fd, struct unsock_fd *entry, const union unsock_sockaddr *peer, socklen_t peer_length,
                              void *address, socklen_t *length);

/* send_control.c: The control data of a message that is sent (ip(7), ipv6(7), udp(7)). */

/*
 * Checks the message's control data, which can be read, as a TCP or UDP socket would; AF_UNIX would take them for
 * something else, or pass descriptors on, and never gets them. Returns 0 or -errno.
 */
long unsock_send_control_check(const struct unsock_fd *entry, const struct msghdr *message);

/* Makes it the address that is asked by a connect, or a send, to it. In its place, as stacks may be small. */
static inline void unsock_call_ask(const struct unsock_fd *entry, struct unsock_ip *ip) {
    unsock_ip_ask(ip, entry->flags & UNSOCK_BOUND ? &entry->local : NULL);
}

#endif
