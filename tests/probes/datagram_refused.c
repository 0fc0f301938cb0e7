/* A datagram to a port without a socket, from a connected socket: the send succeeds, and the next call fails. */
#include "probe.h"

#include <sys/epoll.h>
#include <sys/uio.h>

typedef long hear_call(int fd);
static char byte;

static bool is_taken(int fd) {
    struct iovec part = {"xy", 2};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, 0) == 2;
}

static void send_to_nobody(int fd) {
    fact_yes("sent", is_taken(fd));
}

static long by_recvfrom(int fd) {
    address from = unwritten();
    return recvfrom(fd, &byte, 1, MSG_DONTWAIT, &from.any, &from.length);
}
static long by_recv(int fd) {
    return recv(fd, &byte, 1, MSG_DONTWAIT);
}
static long by_recvmsg(int fd) {
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return recvmsg(fd, &message, MSG_DONTWAIT);
}

static int client_of_nobody(const char *text, int *port) {
    *port = free_port(SOCK_DGRAM);
    address at = ip(text, *port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_DGRAM, 0));
    CHECK(connect(fd, &at.any, at.length));
    return fd;
}

/* Two times over: sent, heard; then somebody comes, and what is told of an earlier datagram is lost. */
static void one(const char *text, hear_call *hear) {
    int port, fd = client_of_nobody(text, &port);
    for (int i = 0; i < 2; i++) {
        send_to_nobody(fd);
        fact("poll", "%#x", (unsigned)ready(fd, POLLIN, 5000));
        fact_number("heard", hear(fd));
        fact_number("heard once", by_recvfrom(fd));
        fact("then poll", "%#x", (unsigned)ready(fd, POLLIN, 0));
    }
    send_to_nobody(fd);
    int server = bound(text, port, SOCK_DGRAM);
    fact_yes("somebody is sent to", is_taken(fd) || is_taken(fd));
    fact("received", "%#x", (unsigned)ready(server, POLLIN, 5000));
    address peer = peer_of(fd);
    fact_yes("the peer is the server", port_of(&peer) == port);
    close(server);
    close(fd);
}

static void by_option(void) {
    int port, fd = client_of_nobody("127.0.0.1", &port), set = CHECK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    for (int i = 0; i < 2; i++) {
        send_to_nobody(fd);
        fact_number("events", epoll_wait(set, &event, 1, 5000));
        fact("which", "%#x", event.events);
        fact("the error", "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
        fact("is told once", "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    }
    send_to_nobody(fd);
    fact_number("heard by read", read(fd, &byte, 1));
    close(set);
    close(fd);
}

/* The server was there, and has gone. */
static void gone(hear_call *hear) {
    int port = free_port(SOCK_DGRAM), server = bound("127.0.0.1", port, SOCK_DGRAM);
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect(fd, &at.any, at.length));
    send_to_nobody(fd);
    close(server);
    for (int i = 0; i < 2; i++) {
        send_to_nobody(fd);
        fact("gone: poll", "%#x", (unsigned)ready(fd, POLLIN, 5000));
        fact_number("heard of one who has gone", hear(fd));
    }
    server = bound("127.0.0.1", port, SOCK_DGRAM);
    address back = ip("127.0.0.1", own_port(fd));
    int stranger = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(stranger, "s", 1, 0, &back.any, back.length));
    CHECK(sendto(server, "a", 1, 0, &back.any, back.length));
    fact_number("heard of one who has come", hear(fd));
    fact("which is", "%c", byte);
    close(stranger);
    close(server);
    close(fd);
}

static bool is_sent(int fd, const char *text, int port, bool by_message) {
    address to = ip(text, port);
    struct iovec part = {"xy", 2};
    struct msghdr message = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &part, .msg_iovlen = 1};
    return (by_message ? sendmsg(fd, &message, 0) : sendto(fd, "xy", 2, 0, &to.any, to.length)) == 2;
}

/* By what is sent, or by what is received next. */
static void told(const char *story, int fd, const char *text, int port) {
    for (int by_message = 0; by_message < 2; by_message++) {
        bool is_told = !is_sent(fd, text, port, by_message) && errno == ECONNREFUSED;
        is_told |= by_recvfrom(fd) < 0 && errno == ECONNREFUSED;
        fact(story, "%s, by sendmsg %d: %d", text, by_message, is_told);
        get_option(fd, SOL_SOCKET, SO_ERROR);
    }
}

/* Not connected: told with IP_RECVERR alone (RPC clients). */
static void with_address(const char *text) {
    int port = free_port(SOCK_DGRAM), six = strchr(text, ':') != NULL;
    int fd = CHECK(socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    told("not connected", fd, text, port);
    CHECK(six ? set_option(fd, IPPROTO_IPV6, IPV6_RECVERR, 1) : set_option(fd, IPPROTO_IP, IP_RECVERR, 1));
    told("with IP_RECVERR", fd, text, port);
    int server = bound(text, port, SOCK_DGRAM);
    told("to somebody", fd, text, port);
    close(server);
    told("who has gone", fd, text, port);
    close(fd);
}

int main(int count, char **args) {
    probe_start();
    one("127.0.0.1", by_recvfrom);
    one("127.0.0.1", by_recvmsg);
    one("::1", by_recvfrom);
    if (count < 2 || strcmp(args[1], "without recv") != 0)
        gone(by_recv);
    gone(by_recvfrom);
    gone(by_recvmsg);
    by_option();
    with_address("127.0.0.1");
    with_address("::1");
    return 0;
}
