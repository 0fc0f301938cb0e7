/* Makes the peer see a reset, as over TCP, after a close with SO_LINGER 0 or a connect(AF_UNSPEC). AF_UNIX resets the
 * peer only if this side closes with unread data, which only the peer can cause. So this side sends an urgent byte
 * last, which reads skip (unless SO_OOBINLINE is set). The peer's poll reports this byte together with the hang-up.
 * Then the peer's library replaces the peer's socket by one whose next read fails with ECONNRESET. */
#include "calls/stream.h"

#include "replace/replace.h"

#include <asm/ioctls.h>
#include <linux/poll.h>

#define RESET_BYTE 0xb7

static bool is_connection(const struct unsock_fd *entry) {
    return entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM &&
           unsock_state_is_connected(entry->state) && !unsock_sandboxed;
}

void unsock_reset_send(int fd, const struct unsock_fd *entry) {
    static const uint8_t last = RESET_BYTE;
    if (is_connection(entry) && !unsock_fd_is_duplicated(entry) &&
        (!unsock_fd_has_file(entry) || unsock_this_process_owns_descriptors()) && unsock_only_holder(fd))
        unsock_sendto(fd, &last, sizeof(last), MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
}

void unsock_reset_closing(int fd, const struct unsock_fd *entry) {
    int32_t linger[2] = {0, 1}; /* struct linger (socket(7)): whether, and for how many seconds */
    socklen_t length = sizeof(linger);
    if (!is_connection(entry) || unsock_getsockopt(fd, SOL_SOCKET, SO_LINGER, linger, &length) < 0 || linger[0] == 0 ||
        linger[1] != 0)
        return;
    unsock_reset_send(fd, entry);
    /* Forgets this duplicate, so that the close of the last duplicate finds no other. */
    if (unsock_fd_is_duplicated(entry) && !unsock_fd_has_file(entry) && unsock_this_process_owns_descriptors())
        unsock_fds_forget(fd);
}

long unsock_reset_open(bool with_error) {
    int pair[2];
    long result = unsock_socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
    if (result < 0)
        return result;
    result = with_error ? unsock_write(pair[0], "", 1) : 1;
    unsock_close(pair[1]);
    return unsock_opened(pair[0], result == 1 ? 0 : -ENOBUFS);
}

long unsock_reset_install(int fd, struct unsock_fd *entry, bool with_error) {
    struct unsock_fd old = *entry;
    long ended = unsock_reset_open(with_error);
    if (ended < 0)
        return ended;
    unsock_socket_mark_replace((int)ended, unsock_socket_mark(fd) | (with_error ? UNSOCK_END_RESET : 0u));
    long result = unsock_redirect_install(fd, entry, (int)ended, UNSOCK_KIND_FOREIGN);
    if (result < 0)
        return result;
    unsock_fd_become(fd, entry, UNSOCK_STATE_CONNECTED, old.flags & UNSOCK_OF_SOCKET, &old.local);
    *unsock_fd_remote(entry) = *unsock_fd_remote(&old);
    unsock_fds_tell_duplicates(fd);
    return 0;
}

bool unsock_reset_take(int fd, uint32_t events) {
    uint8_t last = 0;
    int there = 0;
    struct unsock_fd *entry = events & POLLHUP ? unsock_fds_known(fd) : NULL;
    if (!is_connection(entry) || unsock_fd_has_file(entry) ||
        !((events & POLLPRI) || (entry->flags & UNSOCK_STREAM_URGENT)) ||
        !(unsock_socket_poll(fd, POLLPRI) & POLLPRI) || unsock_ioctl(fd, FIONREAD, &there) < 0 || there != 1)
        return false;
    /* With SO_OOBINLINE the urgent byte is an ordinary byte of the stream. */
    long got = unsock_recvfrom(fd, &last, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
    if (got == -EINVAL)
        got = unsock_recvfrom(fd, &last, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL);
    return got == 1 && last == RESET_BYTE && unsock_reset_install(fd, entry, true) == 0;
}
