/*
 * Pointers into nowhere are EFAULT, as from the kernel, and not crashes: programs that check their callers rely on it.
 */
#include "probe.h"

/* Hidden from the compiler, which knows better than to let such a pointer through. */
static void *volatile nowhere = (void *)8;

static int server, client, receiver;

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
    fact_call("getsockname into nowhere", getsockname(client, nowhere, &length));
    fact_call("getpeername into nowhere", getpeername(client, nowhere, &length));
    fact_call("getsockname, length nowhere", getsockname(client, &space.any, nowhere));
    fact_call("getpeername, length nowhere", getpeername(client, &space.any, nowhere));
    fact_call("getsockname into NULL", getsockname(client, NULL, &length));
    knock();
    fact_call("accept into nowhere", accept(server, nowhere, &length));
    knock();
    fact_call("accept, length nowhere", accept(server, &space.any, nowhere));
}

static void given(void) {
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("bind from nowhere", bind(fresh, nowhere, 16));
    fact_call("connect from nowhere", connect(fresh, nowhere, 16));
    fact_call("bind from NULL", bind(fresh, NULL, 16));
    fact_call("connect from NULL", connect(fresh, NULL, 16));
    fact_call("connect from nowhere, connected", connect(client, nowhere, 16));
    close(fresh);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    fact_call("sendto nowhere", sendto(fd, "x", 1, 0, nowhere, 16));
    fact_call("sendto nowhere, bound", sendto(receiver, "x", 1, 0, nowhere, 16));
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = nowhere, .msg_namelen = 16, .msg_iov = &part, .msg_iovlen = 1};
    fact_call("sendmsg to nowhere", sendmsg(fd, &message, 0));
    fact_call("sendmsg of nothing", sendmsg(fd, nowhere, 0));
    close(fd);
}

static void received(void) {
    char bytes[16];
    socklen_t length = 16;
    address space = unwritten();
    deliver();
    fact_call("recvfrom into nowhere", recvfrom(receiver, nowhere, 8, 0, &space.any, &length));
    deliver();
    fact_call("recvfrom, name nowhere", recvfrom(receiver, bytes, 8, 0, nowhere, &length));
    deliver();
    fact_call("recvfrom, length nowhere", recvfrom(receiver, bytes, 8, 0, &space.any, nowhere));
    deliver();
    fact_call("recvmsg into nowhere", recvmsg(receiver, nowhere, 0));
}

static void options(void) {
    int value = 1;
    socklen_t length = sizeof value;
    fact_call("get TCP_NODELAY into nowhere", getsockopt(client, IPPROTO_TCP, TCP_NODELAY, nowhere, &length));
    fact_call("get TCP_NODELAY, length nowhere", getsockopt(client, IPPROTO_TCP, TCP_NODELAY, &value, nowhere));
    fact_call("get SO_TYPE into nowhere", getsockopt(client, SOL_SOCKET, SO_TYPE, nowhere, &length));
    fact_call("set TCP_NODELAY from nowhere", setsockopt(client, IPPROTO_TCP, TCP_NODELAY, nowhere, sizeof value));
    fact_call("set SO_REUSEPORT from nowhere", setsockopt(client, SOL_SOCKET, SO_REUSEPORT, nowhere, sizeof value));
    fact_call("set SO_KEEPALIVE from nowhere", setsockopt(client, SOL_SOCKET, SO_KEEPALIVE, nowhere, sizeof value));
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    client = connected("127.0.0.1", own_port(server));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    names();
    given();
    received();
    options();
    close(receiver);
    close(client);
    close(server);
    return 0;
}
