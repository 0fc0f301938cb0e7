/* The conversation of peer.c: 200 kB each way with checksums, over any connected stream socket. */
#include "peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define PAYLOAD 200000
#define CHECKSUM 8
#define MESSAGE (PAYLOAD + CHECKSUM)

struct transfer {
    int fd;
    size_t sent, received;
    uint8_t out[MESSAGE];
    uint8_t in[MESSAGE];
};

static uint64_t checksum(const uint8_t *bytes, size_t length) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static void fill(uint8_t *message, enum side side) {
    uint32_t state = side == SIDE_SERVER ? 1 : 2;
    for (size_t i = 0; i < PAYLOAD; i++) {
        state = state * 1664525u + 1013904223u;
        message[i] = (uint8_t)(state >> 24);
    }
    uint64_t hash = checksum(message, PAYLOAD);
    memcpy(message + PAYLOAD, &hash, CHECKSUM);
}

static void check(const uint8_t *message, enum side from) {
    static uint8_t expected[MESSAGE];
    fill(expected, from);
    errno = 0;
    for (size_t i = 0; i < MESSAGE; i++)
        if (message[i] != expected[i])
            fail("byte %zu of %d differs", i, MESSAGE);
    uint64_t hash = checksum(message, PAYLOAD);
    if (memcmp(message + PAYLOAD, &hash, CHECKSUM) != 0)
        fail("the checksum differs");
}

/* Returns 0 when the call would block. */
static int send_some(struct transfer *t) {
    ssize_t n = write(t->fd, t->out + t->sent, MESSAGE - t->sent);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0)
        fail("write after %zu bytes", t->sent);
    t->sent += (size_t)n;
    return 1;
}

static int receive_some(struct transfer *t) {
    ssize_t n = read(t->fd, t->in + t->received, MESSAGE - t->received);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0)
        fail("read after %zu bytes", t->received);
    errno = 0;
    if (n == 0)
        fail("the connection ended after %zu bytes", t->received);
    t->received += (size_t)n;
    return 1;
}

static void exchange_in_turn(struct transfer *t, enum side side) {
    if (side == SIDE_CLIENT)
        while (t->sent < MESSAGE)
            send_some(t);
    while (t->received < MESSAGE)
        receive_some(t);
    if (side == SIDE_SERVER)
        while (t->sent < MESSAGE)
            send_some(t);
}

void wait_for(int fd, uint32_t events, enum mode mode, int epoll) {
    if (mode == MODE_NONBLOCKING) {
        struct pollfd p = {.fd = fd, .events = (short)events};
        if (poll(&p, 1, -1) != 1)
            fail("poll");
        return;
    }
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        fail("epoll_ctl(EPOLL_CTL_MOD)");
    if (epoll_wait(epoll, &event, 1, -1) != 1)
        fail("epoll_wait");
    errno = 0;
    if (event.data.fd != fd)
        fail("epoll_wait gave the data %d, not %d", event.data.fd, fd);
}

static void exchange_at_once(struct transfer *t, enum mode mode, int epoll) {
    while (t->sent < MESSAGE || t->received < MESSAGE) {
        int moved = 0;
        if (t->sent < MESSAGE)
            moved |= send_some(t);
        if (t->received < MESSAGE)
            moved |= receive_some(t);
        if (moved)
            continue;
        uint32_t events = (t->sent < MESSAGE ? EPOLLOUT : 0u) | (t->received < MESSAGE ? EPOLLIN : 0u);
        wait_for(t->fd, events, mode, epoll);
    }
}

void exchange(int fd, enum side side, enum mode mode, int epoll) {
    static struct transfer t;
    memset(&t, 0, sizeof t);
    t.fd = fd;
    fill(t.out, side);
    if (mode == MODE_BLOCKING)
        exchange_in_turn(&t, side);
    else
        exchange_at_once(&t, mode, epoll);
    check(t.in, side == SIDE_SERVER ? SIDE_CLIENT : SIDE_SERVER);
}
