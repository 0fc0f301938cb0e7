/* Reads and checks the addresses and messages that a program passes to a call, and writes addresses for the program. */
#ifndef UNSOCK_CALLS_ARGUMENTS_H
#define UNSOCK_CALLS_ARGUMENTS_H

#include "memory/fds.h"
#include "rt/user.h"

/* arguments.c: Addresses and messages that a program passes to a call. */

#define UNSOCK_IN6_LEAST offsetof(struct sockaddr_in6, sin6_scope_id) /* SIN6_LEN_RFC2133 */

/* Copies the program's address. Returns its family, or -1 if memory or length is bad: the kernel then reports this. */
static inline int unsock_call_address(const void *address, socklen_t length, union unsock_sockaddr *copy) {
    if (length < sizeof(copy->any.sa_family) || length > sizeof(*copy) || unsock_user_read(copy, address, length) < 0)
        return -1;
    return copy->any.sa_family;
}

static inline bool unsock_call_is_ip(int family) {
    return family == AF_INET || family == AF_INET6;
}

/* Reads a valid address of the socket's own family. False for any other address, also for an IPv4-mapped one. */
static inline bool unsock_call_reads_usual(const struct unsock_fd *entry, const struct sockaddr *address,
                                           socklen_t length, struct unsock_ip *ip) {
    return address && length >= sizeof(*address) && length <= sizeof(union unsock_sockaddr) &&
           unsock_user_readable(address, length) && address->sa_family == entry->domain &&
           unsock_ip_read(address, length, ip) && ip->family == entry->domain;
}

/* Checks an address as the kernel does in bind, and in connect on an unconnected socket. Returns 0 or -errno. */
long unsock_call_check(const struct unsock_fd *entry, int family, socklen_t length);

/* Checks the destination of a datagram from a redirected socket, as UDP does. Returns 0 or -errno. */
long unsock_call_check_destination(int fd, const struct unsock_fd *entry, int family, socklen_t length);

/* Returns the family of the message's address, or -1 if the message has none. UDP over IPv4 treats AF_UNSPEC as
 * AF_INET; UDP over IPv6 treats AF_UNSPEC as no address (net/ipv4/udp.c, net/ipv6/udp.c). */
static inline int unsock_call_family(const struct msghdr *message) {
    const struct sockaddr *name = message->msg_name;
    return name && message->msg_namelen >= sizeof(name->sa_family) ? name->sa_family : -1;
}

/* Reads the address to which a kernel's TCP or UDP socket is bound. Returns 0 or -errno (-EINVAL: another family). */
long unsock_call_own_ip(int fd, struct unsock_ip *ip);

/* True if the socket can have IPv6 peers only: it has IPV6_V6ONLY, or is bound to one IPv6 address (inet6_bind). */
bool unsock_call_is_ipv6_only(int fd, const struct unsock_fd *entry);

#define UNSOCK_OUTGOING_PARTS_MOST 1024u /* UIO_MAXIOV */

/* A copy of a message that a program sends, and of its address. The buffers and the control data are not copied. */
struct unsock_outgoing {
    struct msghdr message; /* its msg_name is NULL, or points to `name` */
    union unsock_sockaddr name;
};

/* Copies a message and its address, as the kernel does before it looks at the socket. False if they cannot be read. */
bool unsock_outgoing_take(struct unsock_outgoing *outgoing, const struct msghdr *message);

/* True if sends with `flags` go to the kernel unchanged, according to the entry, which may be out of date. */
bool unsock_outgoing_is_plain(const struct unsock_fd *entry, int flags);

/* Returns 1 if the library handles the message, 0 if the kernel does, or -errno if `fd` cannot be identified. */
long unsock_outgoing_concerns(int fd, const struct msghdr *message, int flags);

/* True if the messages must be sent one by one: the library handles, or may have to handle, one of them. */
bool unsock_outgoing_any_concerns(int fd, const struct unsock_mmsghdr *messages, unsigned count, int flags);

/* True if the control data (at most 64 KiB) and, except for a stream, the buffer list (at most 1,024) can be read. */
bool unsock_outgoing_can_be_read(const struct msghdr *message, bool stream);

/* socket_names.c: getsockname and getpeername, and the addresses that accept and recvfrom return. */

/* True if the settings say that peers of this family are reported with an IP address. */
bool unsock_socket_names_converts(int family);

/* Returns the peers' family: AF_INET if the socket is bound to an IPv4-mapped address, else the socket's own family. */
int unsock_socket_names_family(const struct unsock_fd *entry);

/* Writes an address to the program as the kernel does: cut to *length, and sets *length to the address's full length.
 * `address` and `length` point to the program's memory, here and below. Returns 0; -EFAULT; -EINVAL if *length < 0. */
long unsock_socket_names_give(const union unsock_sockaddr *from, socklen_t from_length, void *address,
                              socklen_t *length);

/* Writes an IP address as a socket of family `domain` reports it. Returns as unsock_socket_names_give. */
long unsock_socket_names_give_ip(const struct unsock_ip *ip, int domain, void *address, socklen_t *length);

/* Writes the IP address of a connected socket's peer, whose kernel name is `peer`. For an accepted socket of another
 * family (UNSOCK_KIND_FOREIGN), writes `peer` unchanged if it is an IP address or of a family that is not converted. */
long unsock_socket_names_peer(int fd, struct unsock_fd *entry, const union unsock_sockaddr *peer, socklen_t peer_length,
                              void *address, socklen_t *length);

/* send_control.c: The control data of a message that a program sends (ip(7), ipv6(7), udp(7)). */

/* Checks the message's control data, which must be readable, as a TCP or UDP socket does. Returns 0 or -errno. The
 * library never passes the data to a local socket: AF_UNIX could take them for descriptors to send. */
long unsock_send_control_check(const struct unsock_fd *entry, const struct msghdr *message);

/* Replaces a wildcard in `ip` as the kernel does: by the loopback address, or the socket's own IPv4 address. */
static inline void unsock_call_ask(const struct unsock_fd *entry, struct unsock_ip *ip) {
    bool has_address = (entry->flags & UNSOCK_BOUND) || unsock_state_is_connected(entry->state);
    unsock_ip_ask(ip, has_address ? &entry->local : NULL);
}

#endif
