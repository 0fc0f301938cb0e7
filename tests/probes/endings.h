/* How a connection can end: what the peer has done, and how often SIGPIPE came. */
#ifndef ENDINGS_H
#define ENDINGS_H

#include "probe.h"

#include <sys/resource.h>
#include <time.h>

enum end {
    OPEN,          /* it has done nothing */
    CLOSED,        /* close, with nothing left to read */
    CLOSED_UNREAD, /* close, while something was left to read */
    SENT_CLOSED,   /* sent something, then closed */
    SHUT_WRITE,    /* shutdown(SHUT_WR) */
    SHUT_READ,     /* shutdown(SHUT_RD) */
    SHUT_BOTH,     /* shutdown(SHUT_RDWR) */
    SHUT_CLOSED,   /* shutdown(SHUT_WR), then close */
    ENDS,
};

static const char *const end_names[ENDS] = {"open",       "closed",    "closed unread", "sent, closed",
                                            "shut write", "shut read", "shut both",     "shut write, closed"};

static volatile sig_atomic_t pipes;

static inline void count_pipe(int number) {
    (void)number;
    pipes++;
}

static inline void count_pipes(void) {
    struct sigaction action = {.sa_handler = count_pipe};
    CHECK(sigaction(SIGPIPE, &action, NULL));
}

struct pair {
    int listener;
    int fd;   /* the end that the probe looks at */
    int peer; /* -1: closed */
};

/* `accepted`: the server's end is looked at, else the client's. */
static inline struct pair make_pair(bool accepted) {
    struct pair pair = {.listener = listening("127.0.0.1", 0)};
    int client = connected("127.0.0.1", own_port(pair.listener));
    int server = CHECK(accept(pair.listener, NULL, NULL));
    pair.fd = accepted ? server : client;
    pair.peer = accepted ? client : server;
    return pair;
}

static inline void close_peer(struct pair *pair) {
    CHECK(close(pair->peer));
    pair->peer = -1;
}

/* Does it, and waits until it has arrived here. */
static inline void peer_ends(struct pair *pair, enum end end) {
    if (end == CLOSED_UNREAD) {
        send_byte(pair->fd);
        if (ready(pair->peer, POLLIN, 5000) == 0)
            die("nothing arrived");
    }
    if (end == SENT_CLOSED)
        send_byte(pair->peer);
    if (end == SHUT_WRITE || end == SHUT_CLOSED)
        CHECK(shutdown(pair->peer, SHUT_WR));
    if (end == SHUT_READ)
        CHECK(shutdown(pair->peer, SHUT_RD));
    if (end == SHUT_BOTH)
        CHECK(shutdown(pair->peer, SHUT_RDWR));
    if (end == CLOSED || end == CLOSED_UNREAD || end == SENT_CLOSED || end == SHUT_CLOSED)
        close_peer(pair);
    if (end != OPEN && end != SHUT_READ && ready(pair->fd, POLLRDHUP, 5000) == 0)
        die("the end did not arrive");
}

static inline void drop_pair(struct pair *pair) {
    close(pair->fd);
    if (pair->peer >= 0)
        close(pair->peer);
    close(pair->listener);
}

/* Processor time, in milliseconds. */
static inline long used(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage));
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
           (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000;
}

static inline long now_ms(void) {
    struct timespec time;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &time));
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

#endif
