/* Addresses that come with a call, and whether the call is the library's business. Reads memory of the program. */
#ifndef UNSOCK_CALL_ADDRESS_H
#define UNSOCK_CALL_ADDRESS_H

#include "memory/fds.h"
#include "rt/mem.h"
#include "rt/net.h"

#define UNSOCK_IN6_LEAST offsetof(struct sockaddr_in6, sin6_scope_id) /* SIN6_LEN_RFC2133 */

/* The address family; -1 where the kernel would say EFAULT or EINVAL. */
static inline int unsock_call_family(const void *address, socklen_t length) {
    uint16_t family;
    if (unsock_is_nowhere(address) || length < sizeof(family) || length > sizeof(union unsock_sockaddr))
        return -1;
    memcpy(&family, address, sizeof(family));
    return family;
}

static inline bool unsock_call_is_ip(int family) {
    return family == AF_INET || family == AF_INET6;
}

/* An IP socket, or one that stands for one. */
static inline bool unsock_call_is_ours(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_IP || unsock_fd_is_redirected(entry);
}

/* An address of another family on a descriptor that stands for an IP socket. The real socket must not see it. */
static inline bool unsock_call_is_wrong_family(const struct unsock_fd *entry, int family) {
    return !unsock_call_is_ip(family) && entry && entry->kind != UNSOCK_KIND_IP && unsock_call_is_ours(entry);
}

#endif
