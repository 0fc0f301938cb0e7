/* Sets the send time-out and buffer of AF_UNIX datagram sockets, so that they are no stricter than UDP's. */
#include "options/options.h"

#include "kernel/socket_info.h"

/* 65,527 bytes, the largest UDP datagram over IPv6, and the overhead of sock_alloc_send_pskb. */
#define SEND_BUFFER_LEAST 66000
#define UNSEEN_SECONDS 2
#define SECONDS_MOST 2000000
#define SEND_BUFFER_FIRST (4 << 20)
#define SEND_BUFFER_MOST (32 << 20)
/* The buffer grows when unread datagrams fill an eighth of it. If they fill at most a quarter, poll reports POLLOUT. */
#define HELD_SHARE 8

int32_t unsock_socket_timeval_ms(const void *timeval) {
    struct unsock_timeval time;
    memcpy(&time, timeval, sizeof(time));
    if (time.seconds > SECONDS_MOST)
        return SECONDS_MOST * 1000;
    return (int32_t)(time.seconds * 1000 + time.microseconds / 1000);
}

/* Sets the send buffer to 2 * `half` (socket(7)); beyond the system's limit (net.core.wmem_max) if the process may. */
static void set_buffer(int fd, int32_t half) {
    if (unsock_setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof(half)) < 0)
        unsock_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
}

void unsock_send_limit_open(int fd) {
    set_buffer(fd, SEND_BUFFER_FIRST);
    unsock_send_limit_time(fd);
}

bool unsock_send_limit_unseen;

void unsock_send_limit_time(int fd) {
    struct unsock_timeval limit = {0, UNSOCK_SEND_LIMIT_NS / 1000};
    if (unsock_send_limit_unseen)
        limit = (struct unsock_timeval){UNSEEN_SECONDS, 0};
    unsock_setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

/* Ignores a size below the present one: AF_UNIX charges unread datagrams to the sender's buffer, and refuses datagrams
 * larger than the buffer. UDP over the loopback does neither, so a program may set a small buffer. */
void unsock_send_limit_grow(int fd, int32_t size) {
    int32_t half = (size > SEND_BUFFER_LEAST ? size : SEND_BUFFER_LEAST) / 2; /* the kernel doubles the value */
    if (unsock_socket_option(fd, SO_SNDBUF) < 2 * half)
        unsock_setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &half, sizeof(half));
}

/* Doubles the send buffer: set_buffer(fd, size) makes it 2 * `size`. But if SO_SNDBUFFORCE made the buffer larger than
 * the system's limit, and the process has lost CAP_NET_ADMIN since, the buffer shrinks to the limit. */
bool unsock_send_limit_relieve(int fd) {
    int32_t held = 0;
    int32_t size = (int32_t)unsock_socket_option(fd, SO_SNDBUF);
    if (unsock_ioctl(fd, UNSOCK_SIOCOUTQ, &held) < 0 || size <= 0 || size > SEND_BUFFER_MOST ||
        held < size / HELD_SHARE)
        return false;
    set_buffer(fd, size);
    return unsock_socket_option(fd, SO_SNDBUF) > size;
}
