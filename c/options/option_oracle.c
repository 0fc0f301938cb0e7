/* Sets and reads options on a temporary TCP or UDP socket (the oracle), to get the kernel's own result and defaults. */
#include "options/options.h"

#include "kernel/socket_info.h"
#include "rt/user.h"

long unsock_oracle_open(const struct unsock_fd *entry) {
    return unsock_socket(entry->domain, entry->type | SOCK_CLOEXEC, entry->protocol);
}

/* True for an option that leaves a multicast group or selects its sources: the socket must have joined the group. */
static bool needs_membership(int level, int name) {
    bool joins = name == IP_ADD_SOURCE_MEMBERSHIP || name == MCAST_JOIN_GROUP || name == MCAST_JOIN_SOURCE_GROUP;
    if (level == IPPROTO_IP)
        return name >= IP_DROP_MEMBERSHIP && name <= MCAST_MSFILTER && !joins;
    return level == IPPROTO_IPV6 && (name == IPV6_LEAVE_GROUP || name == IPV6_LEAVE_ANYCAST ||
                                     (name >= MCAST_BLOCK_SOURCE && name <= MCAST_MSFILTER && !joins));
}

long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    int row = unsock_option_find(level, name);
    int32_t answer[4] = {0};
    socklen_t answer_length = sizeof(answer);
    UNSOCK_CLOSED long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return 0;
    long result = unsock_setsockopt((int)oracle, level, name, value, length);
    /* The oracle has no memberships. Assumes that the program's socket has joined the group. */
    if ((result == -EINVAL || result == -EADDRNOTAVAIL) && needs_membership(level, name))
        return 0;
    if (result == 0 && row >= 0 && unsock_getsockopt((int)oracle, level, name, answer, &answer_length) == 0)
        unsock_option_remember(fd, entry, row, answer);
    return result;
}

long unsock_option_answer(const void *from, socklen_t size, int level, void *value, socklen_t *length) {
    int32_t room;
    if (unsock_user_read(&room, length, sizeof(room)) < 0)
        return -EFAULT;
    if (room < 0)
        return -EINVAL;
    /* At IPPROTO_IP, a buffer smaller than an int gets one byte (do_ip_getsockopt in net/ipv4/ip_sockglue.c). */
    bool as_byte = level == IPPROTO_IP && room > 0 && room < (int32_t)sizeof(int32_t) && size == sizeof(int32_t);
    socklen_t given = as_byte ? 1 : UNSOCK_MIN((socklen_t)room, size);
    /* At SOL_SOCKET the kernel writes the value first (net/core/sock.c), at other levels the length. */
    long result = level == SOL_SOCKET ? unsock_user_write(value, from, given) : 0;
    if (result == 0)
        result = unsock_user_write(length, &given, sizeof(given));
    return result == 0 && level != SOL_SOCKET ? unsock_user_write(value, from, given) : result;
}

long unsock_oracle_get(struct unsock_fd *entry, int level, int name, void *value, socklen_t *length) {
    UNSOCK_CLOSED long oracle = unsock_oracle_open(entry);
    return oracle < 0 ? -ENOPROTOOPT : unsock_getsockopt((int)oracle, level, name, value, length);
}
