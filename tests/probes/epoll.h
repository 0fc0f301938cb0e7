/* Shared by the probes of epoll registrations: sockets made in advance, registrations, and the events of a set. */
#ifndef PROBE_EPOLL_H
#define PROBE_EPOLL_H

#include "probe.h"

#include <sys/epoll.h>

#define SOCKETS 40

static int server;
static const struct sockaddr none = {.sa_family = AF_UNSPEC};

/* All made before the first connect: a program whose connections are local gets AF_UNIX sockets at once after some. */
static int sockets[SOCKETS], sockets_used;

static inline int next_socket(void) {
    if (sockets_used == SOCKETS)
        die("more sockets than were made");
    return sockets[sockets_used++];
}

static inline int new_set(void) {
    return CHECK(epoll_create1(EPOLL_CLOEXEC));
}

static inline int control(int set, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, fd, &event);
}

static inline void add(int set, int fd, uint32_t events, uint64_t data) {
    CHECK(control(set, EPOLL_CTL_ADD, fd, events, data));
}

static inline int join(int client) {
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    return CHECK(accept(server, NULL, NULL));
}

/* Prints what comes: all events and the data of the first. */
static inline void show_within(const char *name, int set, int milliseconds) {
    struct epoll_event events[8];
    int count = CHECK(epoll_wait(set, events, 8, milliseconds));
    if (count == 0)
        fact(name, "no event");
    else
        fact(name, "%d events, 0x%x with %llu", count, events[0].events, (unsigned long long)events[0].data.u64);
}

static inline void show(const char *name, int set) {
    show_within(name, set, 1000);
}
static inline void show_quiet(const char *name, int set) {
    show_within(name, set, 30);
}

static inline void show_after_byte(const char *name, int set, int peer) {
    send_byte(peer);
    show(name, set);
}

static inline void close_both(int a, int b) {
    close(a);
    close(b);
}

/* The server and all sockets. Close-on-exec, as sets are. */
static inline void start(void) {
    address at = ip("127.0.0.1", 0);
    probe_start();
    server = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(bind(server, &at.any, at.length));
    CHECK(listen(server, 64));
    for (int i = 0; i < SOCKETS; i++)
        sockets[i] = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

#endif
