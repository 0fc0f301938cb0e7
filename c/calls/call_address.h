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

/* An IP socket, or one that stands for one. */
static inline bool unsock_call_is_ours(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_IP || unsock_fd_is_redirected(entry);
}

/* An address of another family on a descriptor that stands for an IP socket. The real socket must not see it. */
static inline bool unsock_call_is_wrong_family(const struct unsock_fd *entry, int family) {
    return !unsock_call_is_ip(family) && entry && entry->kind != UNSOCK_KIND_IP && unsock_call_is_ours(entry);
}

#endif
