/* connect on a stream that has one behind it: done, still under way (AF_VSOCK, AF_TIPC, a multiplexer), or failed. */
#include "calls/connect.h"

#include "calls/target.h"
#include "kernel/socket_info.h"

bool unsock_connect_tells(struct unsock_fd *entry) {
    bool first = entry->state == UNSOCK_STATE_CONNECTING;
    if (first)
        unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    return first;
}

UNSOCK_OWN_FRAME long unsock_connect_again(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr peer;
    if (unsock_asking(fd)) {
        long result = unsock_asking_connect(fd, entry);
        return result < 0 ? result : 1;
    }
    if (entry->kind != UNSOCK_KIND_FOREIGN || unsock_socket_name(fd, __NR_getpeername, &peer) != -ENOTCONN)
        return unsock_connect_tells(entry) ? 1 : -EISCONN;
    if (!unsock_socket_writable(fd))
        return -EALREADY;
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    return 0;
}
