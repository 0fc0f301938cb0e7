/*
 * Invalid pointers are EFAULT, as from the kernel, and no crash: programs that check their callers' pointers need that.
 */
#include "probe.h"

#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

/* Hidden from the compiler, which knows better than to let such a pointer through. The last one is MAP_FAILED. */
static void *volatile nowhere;
static const long places[] = {8, -8, -1};

static int server, client, receiver;

static void tell(const char *name, long result) {
    char whole[80];
    int number = errno;
    snprintf(whole, sizeof whole, "%ld: %s", (long)nowhere, name);
    errno = number;
    fact_call(whole, result);
}

/* Leaves one connection in the backlog for the next accept, which may or may not take it. */
static void knock(void) {
    while (ready(server, POLLIN, 0) != 0)
        close(CHECK(accept(server, NULL, NULL)));
    close(connected("127.0.0.1", own_port(server)));
}

static void deliver(void) {
    char bytes[16];
    address to = name_of(receiver);
    while (recv(receiver, bytes, sizeof bytes, MSG_DONTWAIT) >= 0) {
    }
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(fd, "datagram", 8, 0, &to.any, to.length));
    close(fd);
}

static void names(void) {
    socklen_t length = 16;
    address space = unwritten();
    tell("getsockname into nowhere", getsockname(client, nowhere, &length));
    tell("getpeername into nowhere", getpeername(client, nowhere, &length));
    tell("getsockname, length nowhere", getsockname(client, &space.any, nowhere));
    tell("getpeername, length nowhere", getpeername(client, &space.any, nowhere));
    tell("getsockname into NULL", getsockname(client, NULL, &length));
    knock();
    tell("accept into nowhere", accept(server, nowhere, &length));
    knock();
    tell("accept, length nowhere", accept(server, &space.any, nowhere));
}

static void given(void) {
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    tell("bind from nowhere", bind(fresh, nowhere, 16));
    tell("connect from nowhere", connect(fresh, nowhere, 16));
    tell("bind from NULL", bind(fresh, NULL, 16));
    tell("connect from NULL", connect(fresh, NULL, 16));
    tell("connect from nowhere, connected", connect(client, nowhere, 16));
    close(fresh);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    tell("sendto nowhere", sendto(fd, "x", 1, 0, nowhere, 16));
    tell("sendto nowhere, bound", sendto(receiver, "x", 1, 0, nowhere, 16));
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = nowhere, .msg_namelen = 16, .msg_iov = &part, .msg_iovlen = 1};
    tell("sendmsg to nowhere", sendmsg(fd, &message, 0));
    tell("sendmsg of nothing", sendmsg(fd, nowhere, 0));
    close(fd);
}

static void received(void) {
    char bytes[16];
    socklen_t length = 16;
    address space = unwritten();
    deliver();
    tell("recvfrom into nowhere", recvfrom(receiver, nowhere, 8, 0, &space.any, &length));
    deliver();
    tell("recvfrom, name nowhere", recvfrom(receiver, bytes, 8, 0, nowhere, &length));
    deliver();
    tell("recvfrom, length nowhere", recvfrom(receiver, bytes, 8, 0, &space.any, nowhere));
    deliver();
    tell("recvmsg into nowhere", recvmsg(receiver, nowhere, 0));
}

static void options(void) {
    int value = 1;
    socklen_t length = sizeof value;
    tell("get TCP_NODELAY into nowhere", getsockopt(client, IPPROTO_TCP, TCP_NODELAY, nowhere, &length));
    tell("get TCP_NODELAY, length nowhere", getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, nowhere));
    tell("get SO_TYPE into nowhere", getsockopt(client, SOL_SOCKET, SO_TYPE, nowhere, &length));
    tell("set TCP_NODELAY from nowhere", setsockopt(client, IPPROTO_TCP, TCP_NODELAY, nowhere, sizeof value));
    tell("set SO_REUSEPORT from nowhere", setsockopt(client, SOL_SOCKET, SO_REUSEPORT, nowhere, sizeof value));
    tell("set SO_KEEPALIVE from nowhere", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, nowhere, sizeof value));
}

/* A message whose parts, or control data, end behind all memory. */
static void lengths(void) {
    static const size_t sizes[] = {(size_t)-1, (size_t)-8, SIZE_MAX / 2 + 1};
    address to = name_of(receiver);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        nowhere = (void *)sizes[i];
        static char data[8];
        struct iovec parts[2] = {{data, 1}, {data, sizes[i]}};
        struct msghdr message = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = parts, .msg_iovlen = 2};
        tell("sendmsg, a part without end", sendmsg(fd, &message, 0));
        tell("sendto without end", sendto(fd, data, sizes[i], 0, &to.any, to.length));
        tell("writev, a part without end", writev(fd, parts, 2));
        message.msg_iov = &(struct iovec){data, 1};
        message.msg_iovlen = sizes[i];
        tell("sendmsg, parts without end", sendmsg(fd, &message, 0));
        message.msg_iovlen = 1;
        message.msg_control = data;
        message.msg_controllen = sizes[i];
        tell("sendmsg, control data without end", sendmsg(fd, &message, 0));
        message.msg_controllen = 0;
        message.msg_namelen = (socklen_t)sizes[i];
        tell("sendmsg, a name without end", sendmsg(fd, &message, 0));
        tell("bind, an address without end", bind(fd, &to.any, (socklen_t)sizes[i]));
        tell("connect, an address without end", connect(fd, &to.any, (socklen_t)sizes[i]));
    }
    close(fd);
}

/* Calls that wait for events, and register for them. */
static void events(void) {
    int set = CHECK(epoll_create1(0));
    tell("epoll_ctl from nowhere", epoll_ctl(set, EPOLL_CTL_ADD, client, nowhere));
    tell("epoll_wait into nowhere", epoll_wait(set, nowhere, 8, 0));
    tell("poll of nowhere", poll(nowhere, 1, 0));
    tell("sendfile, offset nowhere", sendfile(client, set, nowhere, 1));
    close(set);
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    client = connected("127.0.0.1", own_port(server));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        nowhere = (void *)places[i];
        names();
        given();
        received();
        options();
        events();
    }
    lengths();
    close(receiver);
    close(client);
    close(server);
    return 0;
}
