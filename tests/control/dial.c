/*
 * An ordinary TCP client that prints the result of its connect, and whether its descriptor is still usable.
 *
 *   dial blocking|nonblocking ADDRESS PORT [NEXT_PORT]
 *
 * When the connect fails, the same descriptor connects to NEXT_PORT. A connection gets "ping\n" and the end of file;
 * all that it receives is printed.
 */
#include "../probes/probe.h"

#include <sys/epoll.h>
#include <time.h>

#define PATIENCE_MS 15000

static long now_ms(void) {
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now));
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The lowest free descriptor is where a leaked one would be. */
static int lowest_free(void) {
    int fd = CHECK(dup(STDERR_FILENO));
    CHECK(close(fd));
    return fd;
}

static void wait_until(int fd, int events) {
    if (ready(fd, events, PATIENCE_MS) == 0)
        die("the peer does nothing");
}

/* Connects and waits for the outcome. Returns 0 or an errno. */
static int dial(int fd, const address *to) {
    if (connect(fd, &to->any, to->length) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return errno;
    wait_until(fd, POLLOUT);
    return get_option(fd, SOL_SOCKET, SO_ERROR);
}

static void converse(int fd) {
    char received[4096] = "";
    size_t length = 0;
    ssize_t got;
    CHECK(write(fd, "ping\n", 5));
    CHECK(shutdown(fd, SHUT_WR));
    do {
        wait_until(fd, POLLIN);
        got = CHECK(read(fd, received + length, sizeof received - 1 - length));
        length += (size_t)got;
    } while (got > 0);
    for (size_t i = 0; i < length; i++)
        if (received[i] == '\n')
            received[i] = '|';
    fact("received", "%s", received);
}

static void fact_peer(int fd) {
    address peer = peer_of(fd);
    fact("peer", "%s port %d", ip_text(&peer), port_of(&peer));
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    probe_start();
    bool blocking = strcmp(argv[1], "blocking") == 0;
    address to = ip(argv[2], atoi(argv[3]));
    int epoll = CHECK(epoll_create1(EPOLL_CLOEXEC));
    int fd = CHECK(socket(to.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0));
    struct epoll_event event = {.events = EPOLLOUT, .data.u64 = 12345};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
    int flags = CHECK(fcntl(fd, F_GETFL)), free_before = lowest_free();
    long start = now_ms();
    int error = dial(fd, &to);
    fact("connect", "%s", error == 0 ? "ok" : errno_name(error));
    fact("milliseconds", "%ld", now_ms() - start);
    fact_yes("the same flags", fcntl(fd, F_GETFL) == flags && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    fact_yes("no descriptor leaked", lowest_free() == free_before);
    if (error != 0) {
        if (argc < 5)
            return 0;
        address next = ip(argv[2], atoi(argv[4]));
        error = dial(fd, &next);
        /* The kernel tells a non-blocking socket once more that the connect before this one failed. */
        if (error == ECONNABORTED)
            error = dial(fd, &next);
        fact("next connect", "%s", error == 0 ? "ok" : errno_name(error));
        if (error != 0)
            return 0;
    }
    memset(&event, 0, sizeof event);
    fact_yes("epoll still knows it", epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1 && event.data.u64 == 12345);
    fact_peer(fd);
    converse(fd);
    return 0;
}
