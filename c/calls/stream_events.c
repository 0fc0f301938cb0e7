/* Turns the kernel's poll and epoll events of streams into TCP's: hang-ups, and urgent data. */
#include "calls/stream.h"

#include "kernel/socket_info.h"

#include <linux/poll.h>

/* Returns a listener's events as TCP reports them. AF_UNIX reports a hang-up once any process has shut the listener
 * down; TCP then reports the events of a socket that never listened. If this process shut it down, the descriptor has a
 * new socket, which never listened. If the entry is an earlier socket's, returns `events` unchanged. */
static uint32_t hangup_of_listener(int fd, uint32_t events) {
    const struct unsock_fd *entry = unsock_stream_is_known(fd) ? unsock_fds_known(fd) : NULL;
    if (entry && entry->state == UNSOCK_STATE_RESERVED)
        return (uint32_t)unsock_socket_poll(fd, (short)(events | POLLOUT));
    bool listens = entry && entry->state == UNSOCK_STATE_LISTENING && unsock_socket_option(fd, SO_ACCEPTCONN) == 1;
    return listens ? POLLHUP | POLLOUT : events;
}

/* Follows tcp_poll (net/ipv4/tcp.c). Pipes, the program's own AF_UNIX and the kernel's TCP sockets keep the kernel's
 * events. Before a mark is set, polls again: another thread may have closed the socket that had these events. */
uint32_t unsock_hangup_as_tcp(int fd, uint32_t events) {
    if (unsock_sandboxed)
        return events;
    if (!unsock_identify_is_connection(fd))
        return hangup_of_listener(fd, events);
    /* AF_TIPC never reports POLLRDHUP, and AF_UNIX no POLLOUT while its buffer is full. */
    events |= POLLRDHUP | POLLOUT;
    unsigned mark = unsock_socket_mark_certain(fd);
    const struct unsock_fd *entry = unsock_fds_known(fd);
    bool foreign = entry && entry->kind == UNSOCK_KIND_FOREIGN;
    /* AF_VSOCK reports a refused connect by POLLERR without POLLHUP; AF_TIPC does not report a reset. */
    bool reset = foreign && unsock_stream_note_over(fd) && !(mark & UNSOCK_END_RESET) && unsock_end_is_reset(fd);
    if (reset)
        return events | POLLERR | POLLHUP;
    events |= foreign && (events & POLLERR) ? POLLHUP : 0;
    /* A read of SO_ERROR clears the error: the mark then makes later writes fail. */
    if (events & POLLERR) {
        if (unsock_socket_poll(fd, 0) & POLLERR)
            unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
    } else if ((mark & (UNSOCK_END_LOST | UNSOCK_END_TOLD)) == UNSOCK_END_LOST)
        events |= POLLERR;
    else if (!(mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_LOST | UNSOCK_END_RESET | UNSOCK_END_UNKNOWN)))
        events &= ~(uint32_t)POLLHUP;
    return events;
}

bool unsock_urgent_met;

void unsock_urgent_expect(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->type != SOCK_STREAM)
        return;
    unsock_fds_mark_all(fd, entry, UNSOCK_STREAM_URGENT);
    __atomic_store_n(&unsock_urgent_met, true, __ATOMIC_RELAXED);
}

/* False once the peer has shut down (a read never waits then), or with SO_PEEK_OFF: the peek would move the offset. */
bool unsock_urgent_alone(int fd, uint32_t events) {
    char byte;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if ((events & POLLHUP) || !(events & (POLLIN | POLLRDNORM)) || unsock_sandboxed || !entry ||
        entry->kind != UNSOCK_KIND_LOCAL || entry->type != SOCK_STREAM)
        return false;
    int now = unsock_socket_poll(fd, POLLPRI | POLLRDHUP);
    if (now & POLLPRI)
        unsock_urgent_expect(fd);
    if (!(entry->flags & UNSOCK_STREAM_URGENT) || (now & (POLLRDHUP | POLLHUP | POLLERR)) ||
        unsock_socket_option(fd, SO_PEEK_OFF) >= 0)
        return false;
    return unsock_recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == -EAGAIN;
}
