/* Finds out whether a TIPC service is taken: the node's topology server (topsrv.c) lists the service's sockets. */
#include "calls/target.h"

#include "kernel/socket_info.h"

#include <linux/tipc.h>

#define EVENTS_MOST 1024
#define WAIT_SECONDS 1

static bool read_service(const struct unsock_control_file *control, struct tipc_subscr *subscription) {
    struct sockaddr_tipc dest;
    memcpy(&dest, control->dest, sizeof(dest));
    if (dest.family != UNSOCK_AF_TIPC || (dest.addrtype != TIPC_SERVICE_ADDR && dest.addrtype != TIPC_SERVICE_RANGE))
        return false;
    memset(subscription, 0, sizeof(*subscription));
    subscription->seq = dest.addr.nameseq;
    if (dest.addrtype == TIPC_SERVICE_ADDR)
        subscription->seq.upper = subscription->seq.lower;
    subscription->filter = TIPC_SUB_PORTS;
    return true;
}

static long subscribe(const struct tipc_subscr *subscription) {
    struct sockaddr_tipc server = {.family = UNSOCK_AF_TIPC, .addrtype = TIPC_SERVICE_ADDR};
    struct unsock_timeval most = {WAIT_SECONDS, 0};
    long fd = unsock_socket(UNSOCK_AF_TIPC, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    server.addr.nameseq.type = server.addr.nameseq.lower = TIPC_TOP_SRV;
    unsock_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
    long result = unsock_connect(fd, &server, sizeof(server));
    if (result == 0)
        result = unsock_sendto(fd, subscription, sizeof(*subscription), MSG_NOSIGNAL, NULL, 0);
    return unsock_opened(fd, result);
}

bool unsock_tipc_service_is_taken(const struct unsock_control_file *control) {
    struct tipc_subscr subscription;
    struct tipc_event event;
    struct sockaddr_tipc own = {0};
    union unsock_sockaddr name;
    bool taken = false;
    UNSOCK_CLOSED long fd = read_service(control, &subscription) ? subscribe(&subscription) : -1;
    if (fd < 0)
        return false;
    if (unsock_socket_name((int)fd, __NR_getsockname, &name) >= (long)sizeof(own))
        memcpy(&own, &name, sizeof(own));
    for (int i = 0; !taken && i < EVENTS_MOST; i++) {
        if (unsock_recvfrom(fd, &event, sizeof(event), 0, NULL, NULL) != (long)sizeof(event) ||
            event.event != TIPC_PUBLISHED)
            break;
        taken = event.port.node == own.addr.id.node;
    }
    return taken;
}

long unsock_tipc_service_absent(int fd, long result, bool connected, long size) {
    if (result != -EHOSTUNREACH)
        return result;
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->kind != UNSOCK_KIND_FOREIGN || entry->type != SOCK_DGRAM || !unsock_fd_is_redirected(entry))
        return result;
    uint32_t turns = connected ? UNSOCK_DATAGRAM_NOBODY_HEARD : 0;
    bool told = (__atomic_fetch_xor(&entry->flags, turns, __ATOMIC_RELAXED) & turns) != 0;
    unsock_fds_tell_duplicates(fd);
    return told ? -ECONNREFUSED : size;
}
