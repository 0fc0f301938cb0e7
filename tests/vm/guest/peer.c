/*
 * An ordinary TCP server and client without any code for unsock: they also talk over real TCP, which is the oracle.
 *
 *   peer serve ADDRESS PORT MODE [CONNECTIONS]    peer connect ADDRESS PORT MODE
 *
 * MODE is blocking, nonblocking or epoll (registered before bind and connect, as nginx does it). The server prints
 * "listening PORT", then "accepted ADDRESS" for each connection; the client prints "local ADDRESS" and "peer ADDRESS".
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60

static struct sockaddr_storage peer_address; /* as given on the command line */
static socklen_t peer_length;

static void parse_address(const char *address, const char *port) {
    struct sockaddr_in *in = (struct sockaddr_in *)&peer_address;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&peer_address;
    uint16_t number = htons((uint16_t)atoi(port));
    if (inet_pton(AF_INET, address, &in->sin_addr) == 1) {
        *in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = number, .sin_addr = in->sin_addr};
        peer_length = sizeof *in;
    } else if (inet_pton(AF_INET6, address, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        in6->sin6_port = number;
        peer_length = sizeof *in6;
    } else {
        errno = 0;
        fail("%s is no IP address", address);
    }
}

static enum mode parse_mode(const char *mode) {
    if (strcmp(mode, "blocking") == 0)
        return MODE_BLOCKING;
    if (strcmp(mode, "nonblocking") == 0)
        return MODE_NONBLOCKING;
    if (strcmp(mode, "epoll") == 0)
        return MODE_EPOLL;
    errno = 0;
    fail("%s is no mode", mode);
}

static int flags_of(enum mode mode) {
    return mode == MODE_BLOCKING ? 0 : SOCK_NONBLOCK;
}

static int new_socket(enum mode mode, int epoll, uint32_t events) {
    int fd = socket(peer_address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | flags_of(mode), 0);
    if (fd < 0)
        fail("socket");
    struct epoll_event event = {.events = events, .data.fd = fd};
    if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl(EPOLL_CTL_ADD)");
    return fd;
}

static int new_epoll(enum mode mode) {
    if (mode != MODE_EPOLL)
        return -1;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        fail("epoll_create1");
    return epoll;
}

static void print_name(const char *label, int fd, int (*name)(int, struct sockaddr *, socklen_t *)) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    if (name(fd, (struct sockaddr *)&address, &length) != 0)
        fail("the address of %s", label);
    print_address(label, &address, length);
}

static void print_listening(int fd) {
    struct sockaddr_in address = {0}; /* sin6_port is in the same place */
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        fail("getsockname");
    printf("listening %u\n", ntohs(address.sin_port));
    fflush(stdout);
}

static void serve_one(int listener, enum mode mode, int epoll) {
    if (mode != MODE_BLOCKING)
        wait_for(listener, EPOLLIN, mode, epoll);
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int fd = accept4(listener, (struct sockaddr *)&address, &length, SOCK_CLOEXEC | flags_of(mode));
    if (fd < 0)
        fail("accept4");
    print_address("accepted", &address, length);
    struct sockaddr_storage again = {0};
    socklen_t again_length = sizeof again;
    if (getpeername(fd, (struct sockaddr *)&again, &again_length) != 0)
        fail("getpeername");
    errno = 0;
    if (again_length != length || memcmp(&again, &address, length) != 0)
        fail("getpeername differs from accept4");
    int connection_epoll = new_epoll(mode);
    struct epoll_event event = {.data.fd = fd};
    if (connection_epoll >= 0 && epoll_ctl(connection_epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl");
    exchange(fd, SIDE_SERVER, mode, connection_epoll);
    /* The client closes first: what is on its way to it must not be lost. */
    if (mode != MODE_BLOCKING)
        wait_for(fd, EPOLLIN, mode, connection_epoll);
    char byte;
    if (read(fd, &byte, 1) > 0)
        fail("there is more than was sent");
    if (close(fd) != 0)
        fail("close");
    if (connection_epoll >= 0)
        close(connection_epoll);
}

static void serve(enum mode mode, int connections) {
    int epoll = new_epoll(mode);
    int fd = new_socket(mode, epoll, 0);
    int on = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0)
        fail("SO_REUSEADDR");
    if (bind(fd, (struct sockaddr *)&peer_address, peer_length) != 0)
        fail("bind");
    if (listen(fd, 5) != 0)
        fail("listen");
    print_listening(fd);
    for (int i = 0; i < connections; i++)
        serve_one(fd, mode, epoll);
    if (close(fd) != 0)
        fail("close");
}

static void finish_connect(int fd, enum mode mode, int epoll) {
    wait_for(fd, EPOLLOUT, mode, epoll);
    int error = -1;
    socklen_t length = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
        fail("SO_ERROR");
    errno = error;
    if (error != 0)
        fail("connect, later");
}

static void connect_once(enum mode mode) {
    int epoll = new_epoll(mode);
    int fd = new_socket(mode, epoll, EPOLLIN | EPOLLOUT);
    int on = 1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        fail("TCP_NODELAY");
    if (connect(fd, (struct sockaddr *)&peer_address, peer_length) != 0) {
        if (errno != EINPROGRESS || mode == MODE_BLOCKING)
            fail("connect");
        finish_connect(fd, mode, epoll);
    }
    print_name("local", fd, getsockname);
    print_name("peer", fd, getpeername);
    exchange(fd, SIDE_CLIENT, mode, epoll);
    if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) != 0)
        fail("epoll_ctl(EPOLL_CTL_DEL)");
    if (close(fd) != 0)
        fail("close");
}

int main(int argc, char **argv) {
    if (argc < 5)
        fail("usage: peer serve|connect ADDRESS PORT MODE [CONNECTIONS]");
    alarm(DEADLINE_SECONDS);
    parse_address(argv[2], argv[3]);
    enum mode mode = parse_mode(argv[4]);
    if (strcmp(argv[1], "serve") == 0)
        serve(mode, argc > 5 ? atoi(argv[5]) : 1);
    else
        connect_once(mode);
    return 0;
}
