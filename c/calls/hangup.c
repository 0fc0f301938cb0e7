/* What the end of a connection is to poll and epoll. */
#include "calls/hangup.h"

#include "kernel/identify.h"
#include "kernel/socket_mark.h"
#include "memory/fds.h"
#include "memory/sandbox.h"
#include "memory/state.h"
#include "replace/reuse.h"
#include "rt/net.h"

#include <linux/poll.h>

/* Pipes, the program's own AF_UNIX sockets and the kernel's TCP hang up as ever. */
static bool is_redirected_connection(int fd) {
    struct unsock_fd scratch;
    if (unsock_fds_known(fd))
        unsock_reuse_look(fd);
    const struct unsock_fd *entry = unsock_identify(fd, &scratch);
    return entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM && unsock_state_is_connected(entry->state);
}

/* As tcp_poll (net/ipv4/tcp.c). */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events) {
    if (unsock_sandboxed || !is_redirected_connection(fd))
        return events;
    unsigned mark = unsock_socket_mark_certain(fd);
    /* Whoever reads it takes it away, and a write later must know of it. */
    if (events & POLLERR)
        unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
    else if ((mark & (UNSOCK_END_LOST | UNSOCK_END_TOLD)) == UNSOCK_END_LOST)
        events |= POLLERR;
    else if (!(mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_LOST | UNSOCK_END_RESET | UNSOCK_END_UNKNOWN)))
        events &= ~(uint32_t)POLLHUP;
    return events;
}
