/* epoll registrations outlive connect(AF_UNSPEC), also when they were made while the socket was connected. */
#include "probe.h"

#include <sys/epoll.h>

#define DATA 0x1122334455667788ull

static const struct sockaddr none = {.sa_family = AF_UNSPEC};

static void watch(int set, int operation, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = DATA};
    CHECK(epoll_ctl(set, operation, fd, &event));
}

/* Over TCP an unconnected socket has "hung up": that is not what this is about. */
static void show(const char *name, int set) {
    struct epoll_event event = {0};
    int count = CHECK(epoll_wait(set, &event, 1, 5000));
    fact(name, "%d event, %s, data 0x%llx", count, event.events & EPOLLIN ? "readable" : "not readable",
         (unsigned long long)event.data.u64);
}

static void streams(bool watched_first) {
    int server = listening("127.0.0.1", 0), set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    const char *when = watched_first ? "stream watched, connected" : "stream connected, watched";
    char text[80];
    if (watched_first)
        watch(set, EPOLL_CTL_ADD, client);
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    if (!watched_first)
        watch(set, EPOLL_CTL_ADD, client);
    int first = CHECK(accept(server, NULL, NULL));
    CHECK(connect(client, &none, sizeof none));
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    int second = CHECK(accept(server, NULL, NULL));
    send_byte(second);
    snprintf(text, sizeof text, "%s, disconnected, connected again", when);
    show(text, set);
    wait_byte(client);
    watch(set, EPOLL_CTL_MOD, client);
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, client, NULL));
    close(first), close(second), close(client), close(server), close(set);
}

/* The peer answers wherever the datagram came from. */
static void answer(int peer) {
    address from = unwritten();
    char data[8];
    long size = CHECK(recvfrom(peer, data, sizeof data, 0, &from.any, &from.length));
    CHECK(sendto(peer, data, (size_t)size, 0, &from.any, from.length));
}

static void datagrams(const char *name, bool bound, bool watched_first) {
    address at = ip("127.0.0.1", 0), to;
    int peer = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    int set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    char data[8];
    CHECK(bind(peer, &at.any, at.length));
    to = ip("127.0.0.1", own_port(peer));
    if (bound)
        CHECK(bind(client, &at.any, at.length));
    if (watched_first)
        watch(set, EPOLL_CTL_ADD, client);
    CHECK(connect(client, &to.any, to.length));
    if (!watched_first)
        watch(set, EPOLL_CTL_ADD, client);
    for (int round = 0; round < 3; round++) {
        CHECK(connect(client, &none, sizeof none));
        CHECK(sendto(client, "q", 1, 0, &to.any, to.length));
        answer(peer);
        show(name, set);
        fact_call("recv", recv(client, data, sizeof data, MSG_DONTWAIT));
        CHECK(connect(client, &to.any, to.length));
        watch(set, EPOLL_CTL_MOD, client);
    }
    CHECK(epoll_ctl(set, EPOLL_CTL_DEL, client, NULL));
    close(client), close(peer), close(set);
}

int main(void) {
    probe_start();
    streams(true);
    streams(false);
    datagrams("datagram socket watched, connected, disconnected", false, true);
    datagrams("datagram socket connected, watched, disconnected", false, false);
    datagrams("bound datagram socket watched, connected, disconnected", true, true);
    datagrams("bound datagram socket connected, watched, disconnected", true, false);
    return 0;
}
