/* How connections begin. */
#include "stories.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MANY 50

static void wait_for_end(int fd) {
    char byte;
    get(fd, &byte, 1);
    close(fd);
}

static int so_error(int fd) {
    int error = -1;
    socklen_t length = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length);
    return error;
}

static const char *name_of(int error) {
    return error == 0 ? "0" : strerrorname_np(error);
}

/* A connect that does not wait, to `port`. */
static void connect_later(int port) {
    struct sockaddr_in there = where;
    there.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int result = connect(fd, (struct sockaddr *)&there, sizeof(there));
    fact("connect %s", result == 0 ? "0" : strerrorname_np(errno));
    fact_events("poll", polled(fd, POLLOUT, patience_ms));
    fact("SO_ERROR %s", name_of(so_error(fd)));
    fact("again %s", name_of(so_error(fd)));
    close(fd);
}

static void connect_without_waiting(int fd) {
    close(fd);
    connect_later(ntohs(where.sin_port));
}

static void refused_without_waiting(int fd) {
    close(fd);
    connect_later(ntohs(where.sin_port) + 1);
}

static void refused(int fd) {
    close(fd);
    struct sockaddr_in there = where;
    there.sin_port = htons((uint16_t)(ntohs(where.sin_port) + 1));
    fd = new_stream();
    fact_error("connect", connect(fd, (struct sockaddr *)&there, sizeof(there)));
    fact("SO_ERROR %s", name_of(so_error(fd)));
    close(fd);
}

static void name_client(int fd) {
    struct sockaddr_in own = {0}, peer = {0};
    socklen_t length = sizeof(own);
    fact_error("getsockname", getsockname(fd, (struct sockaddr *)&own, &length));
    fact("%s", own.sin_family == AF_INET && own.sin_port != 0 ? "an IP address" : "another");
    length = sizeof(peer);
    fact_error("getpeername", getpeername(fd, (struct sockaddr *)&peer, &length));
    fact("%s", memcmp(&peer.sin_addr, &where.sin_addr, 4) == 0 && peer.sin_port == where.sin_port ? "the server's"
                                                                                                  : "another");
    close(fd);
}

static void name_server(int fd) {
    struct sockaddr_in own = {0}, peer = {0};
    socklen_t length = sizeof(own);
    getsockname(fd, (struct sockaddr *)&own, &length);
    fact("own port %s", own.sin_port == where.sin_port ? "the same" : "another");
    length = sizeof(peer);
    fact_error("getpeername", getpeername(fd, (struct sockaddr *)&peer, &length));
    fact("%s", peer.sin_family == AF_INET ? "an IP address" : "another");
    wait_for_end(fd);
}

static void accept_with_flags(int fd) {
    close(fd);
    struct sockaddr_in from = {0};
    socklen_t length = sizeof(from);
    if (!comes(listener)) {
        fact("nobody comes");
        return;
    }
    fd = accept4(listener, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    fact("family %s", from.sin_family == AF_INET ? "AF_INET" : "another");
    fact("O_NONBLOCK %d", (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    fact("FD_CLOEXEC %d", fcntl(fd, F_GETFD));
    close(fd);
}

static void come_again(int fd) {
    close(fd);
    usleep(200000);
    close(dial());
    usleep(200000);
}

static void set_options(int fd) {
    static const struct {
        int level, name;
    } options[] = {{SOL_SOCKET, SO_KEEPALIVE}, {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_KEEPIDLE}};
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        int value = 1;
        socklen_t length = sizeof(value);
        fact_error("set", setsockopt(fd, options[i].level, options[i].name, &value, length));
        value = -1;
        getsockopt(fd, options[i].level, options[i].name, &value, &length);
        fact("%d", value);
    }
    close(fd);
}

static void serve_many(int fd) {
    int fds[MANY], served = 0;
    for (int i = 0; i < MANY; i++)
        fds[i] = comes(listener) ? accept(listener, NULL, NULL) : -1;
    for (int i = 0; i < MANY; i++) {
        char byte;
        served += fds[i] >= 0 && get(fds[i], &byte, 1) == 1 && put(fds[i], &byte, 1) == 1;
    }
    fact("served %d", served);
    for (int i = 0; i < MANY; i++)
        close(fds[i]);
    close(fd);
}

static void be_many(int fd) {
    int fds[MANY], answered = 0, connected = 0;
    for (int i = 0; i < MANY; i++)
        connected += (fds[i] = dial()) >= 0;
    for (int i = 0; i < MANY; i++)
        put(fds[i], &(char){(char)i}, 1);
    for (int i = 0; i < MANY; i++) {
        char byte = -1;
        answered += get(fds[i], &byte, 1) == 1 && byte == (char)i;
        close(fds[i]);
    }
    fact("connected %d, answered %d", connected, answered);
    close(fd);
}

/* The connection lives on while its server has another listener. */
static void restart(int fd) {
    char line[64];
    close(listener);
    put_line(fd, "closed");
    get_line(fd, line, sizeof(line));
    listener = open_listener();
    put_line(fd, listener >= 0 ? "open" : strerrorname_np(errno));
    get_line(fd, line, sizeof(line));
    close(fd);
}

static void see_restart(int fd) {
    char line[64];
    get_line(fd, line, sizeof(line));
    int other = dial();
    fact_error(line, other);
    put_line(fd, "tried");
    get_line(fd, line, sizeof(line));
    close(other);
    other = dial();
    fact_error(line, other);
    close(other);
    put_line(fd, "done");
    close(fd);
}

static void bind_twice(int fd) {
    int other = new_stream();
    fact_error("bind", bind(other, (struct sockaddr *)&where, sizeof(where)));
    close(other);
    close(fd);
}

const struct story stories_of_connects[] = {
    {"connect that does not wait", connect_without_waiting, wait_for_end},
    {"connect, refused", refused, wait_for_end},
    {"connect that does not wait, refused", refused_without_waiting, wait_for_end},
    {"names of both ends", name_client, name_server},
    {"accept4 with flags", come_again, accept_with_flags},
    {"options of TCP", set_options, wait_for_end},
    {"50 connections at once", be_many, serve_many},
    {"a second server of the port", wait_for_end, bind_twice},
    {"server opens its port anew", see_restart, restart},
    {NULL, NULL, NULL},
};
