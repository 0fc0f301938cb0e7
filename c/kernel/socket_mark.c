/* What the kernel does not know of a socket. */
#include "kernel/socket_info.h"

#include <linux/poll.h>

unsigned unsock_socket_mark(int fd) {
    long value = unsock_socket_option(fd, SO_INCOMING_CPU);
    return (value & ~UNSOCK_SOCKET_MARK_BITS) == UNSOCK_SOCKET_MARK ? (unsigned)value & UNSOCK_SOCKET_MARK_BITS : 0;
}

unsigned unsock_socket_mark_certain(int fd) {
    static bool can_be_had; /* of one socket is of all */
    unsigned mark = unsock_socket_mark(fd);
    int32_t none = UNSOCK_SOCKET_MARK;
    if (mark != 0 || __atomic_load_n(&can_be_had, __ATOMIC_RELAXED))
        return mark;
    long result = unsock_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &none, sizeof(none));
    if (result == 0)
        __atomic_store_n(&can_be_had, true, __ATOMIC_RELAXED);
    return result == -ENOPROTOOPT || result == -EOPNOTSUPP ? UNSOCK_END_UNKNOWN : 0;
}

void unsock_socket_mark_set(int fd, unsigned old, unsigned added) {
    if ((old & added) != added)
        unsock_socket_mark_replace(fd, old | added);
}

void unsock_socket_mark_replace(int fd, unsigned marks) {
    int32_t value = (int32_t)(UNSOCK_SOCKET_MARK | marks);
    unsock_setsockopt(fd, SOL_SOCKET, SO_INCOMING_CPU, &value, sizeof(value));
}

bool unsock_end_is_reset(int fd) {
    char byte;
    return unsock_recvfrom(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT, NULL, NULL) == -ECONNRESET;
}

/* Whose shutting down it was that ended reading is only certain while this side has not done so itself. */
bool unsock_end_is_over(int fd, unsigned mark, int events) {
    /* Whoever reads it takes it away. */
    if (events & POLLERR)
        unsock_socket_mark_set(fd, mark, UNSOCK_END_RESET);
    return (mark & (UNSOCK_END_LOST | UNSOCK_END_RESET | UNSOCK_END_OVER)) || (events & POLLERR) ||
           ((mark & (UNSOCK_END_SHUT_WRITE | UNSOCK_END_SHUT_READ)) == UNSOCK_END_SHUT_WRITE && (events & POLLRDHUP));
}
