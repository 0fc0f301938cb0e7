/* Urgent data. */
#include "calls/stream.h"

#include "kernel/socket_info.h"
#include "memory/process.h"

#include <linux/poll.h>

bool unsock_urgent_met;

void unsock_urgent_expect(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || entry->type != SOCK_STREAM)
        return;
    unsock_fds_mark(entry, UNSOCK_STREAM_URGENT);
    unsock_fds_tell_duplicates(fd);
    __atomic_store_n(&unsock_urgent_met, true, __ATOMIC_RELAXED);
}

/* After the peer's end there is always something to read. A look must not move the program's place (SO_PEEK_OFF). */
bool unsock_urgent_alone(int fd) {
    char byte;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (unsock_sandboxed || !entry || entry->kind != UNSOCK_KIND_LOCAL || entry->type != SOCK_STREAM)
        return false;
    int events = unsock_socket_poll(fd, POLLPRI | POLLRDHUP);
    if (events & POLLPRI)
        unsock_urgent_expect(fd);
    if (!(entry->flags & UNSOCK_STREAM_URGENT) || (events & (POLLRDHUP | POLLHUP | POLLERR)) ||
        unsock_socket_option(fd, SO_PEEK_OFF) >= 0)
        return false;
    return unsock_recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == -EAGAIN;
}
