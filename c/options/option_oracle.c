/* Sets and reads options on a temporary TCP or UDP socket (the oracle), to get the kernel's own result and defaults. */
#include "options/options.h"

#include "kernel/socket_info.h"
#include "rt/user.h"

#define GROUP_SIZE ((socklen_t)8) /* struct ip_mreq */

long unsock_oracle_open(const struct unsock_fd *entry) {
    return unsock_socket(entry->domain, entry->type | SOCK_CLOEXEC, entry->protocol);
}

/* Returns the option that must be set on a socket before the multicast option `name`, or 0. UNBLOCK_SOURCE needs an
 * option that itself needs another. */
static int needed_first(int level, int name) {
    bool four = level == IPPROTO_IP, six = level == IPPROTO_IPV6;
    switch (name) {
    case IP_DROP_MEMBERSHIP:
    case IP_BLOCK_SOURCE:
    case IP_MSFILTER:
        return four ? IP_ADD_MEMBERSHIP : 0;
    case IP_UNBLOCK_SOURCE:
        return four ? IP_BLOCK_SOURCE : 0;
    case IP_DROP_SOURCE_MEMBERSHIP:
        return four ? IP_ADD_SOURCE_MEMBERSHIP : 0;
    case IPV6_LEAVE_GROUP:
        return six ? IPV6_JOIN_GROUP : 0;
    case IPV6_LEAVE_ANYCAST:
        return six ? IPV6_JOIN_ANYCAST : 0;
    case MCAST_LEAVE_GROUP:
    case MCAST_BLOCK_SOURCE:
    case MCAST_MSFILTER:
        return four || six ? MCAST_JOIN_GROUP : 0;
    case MCAST_UNBLOCK_SOURCE:
        return four || six ? MCAST_BLOCK_SOURCE : 0;
    case MCAST_LEAVE_SOURCE_GROUP:
        return four || six ? MCAST_JOIN_SOURCE_GROUP : 0;
    default:
        return 0;
    }
}

/* Joins the multicast group that the option is about. Memberships are not remembered, so the oracle has none: the
 * program is assumed to have joined a group that it leaves, or whose sources it selects. All these values begin with
 * the group and the interface, as the value for the join does. */
static void join_first(int oracle, int level, int name, const void *value, socklen_t length) {
    int second = needed_first(level, name), first = needed_first(level, second);
    for (int i = 0; i < 2; i++) {
        int now = i == 0 ? first : second;
        bool as_group = level == IPPROTO_IP && now == IP_ADD_MEMBERSHIP && name != IP_DROP_MEMBERSHIP;
        if (now != 0)
            unsock_setsockopt(oracle, level, now, value, as_group ? UNSOCK_MIN(length, GROUP_SIZE) : length);
    }
}

long unsock_oracle_set(int fd, struct unsock_fd *entry, int level, int name, const void *value, socklen_t length) {
    int row = unsock_option_find(level, name);
    int32_t answer[4] = {0};
    socklen_t answer_length = sizeof(answer);
    UNSOCK_CLOSED long oracle = unsock_oracle_open(entry);
    if (oracle < 0)
        return 0;
    join_first((int)oracle, level, name, value, length);
    long result = unsock_setsockopt((int)oracle, level, name, value, length);
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
    /* At this level, a buffer of less than an int gets one byte (do_ip_getsockopt in net/ipv4/ip_sockglue.c). */
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
