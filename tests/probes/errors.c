/* Failing calls and their errnos; success leaves errno alone, and a refused descriptor can be used again. */
#include "probe.h"

#include <netinet/ip.h>

static int stream(void) {
    return CHECK(socket(AF_INET, SOCK_STREAM, 0));
}

static void refused(void) {
    int port = free_port(SOCK_STREAM), fd = stream();
    fact_call("connect to nobody", connect_to(fd, "127.0.0.1", port));
    fact_call("connect to nobody again", connect_to(fd, "127.0.0.1", port));
    int server = listening("127.0.0.1", port);
    fact_call("the refused descriptor connects when somebody is there", connect_to(fd, "127.0.0.1", port));
    address remote = peer_of(fd);
    fact_yes("and has the peer", port_of(&remote) == port);
    close(fd);
    close(server);
    fd = stream();
    CHECK(connect_to(fd, "127.0.0.1", port) < 0 ? 0 : -1);
    address at = ip("127.0.0.1", port);
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    fact_call("a refused descriptor binds", bind(fd, &at.any, at.length));
    fact_call("a refused descriptor listens", listen(fd, 1));
    close(fd);
    fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    fact_call("IPv6 connect to nobody", connect_to(fd, "::1", port));
    close(fd);
}

/* A connect that does not block may also finish or fail at once: both are told as its outcome. */
static void nonblocking(void) {
    int port = free_port(SOCK_STREAM), fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    int result = connect_to(fd, "127.0.0.1", port);
    int outcome = result == 0 ? 0 : errno;
    if (outcome == EINPROGRESS) {
        if (ready(fd, POLLOUT, 5000) == 0)
            die("connect stays in progress");
        outcome = get_option(fd, SOL_SOCKET, SO_ERROR);
    }
    fact("non-blocking connect to nobody", "%s", errno_name(outcome));
    fact("its error is told once", "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    int server = listening("127.0.0.1", port);
    result = connect_to(fd, "127.0.0.1", port);
    /* Linux tells a failed attempt once more, as ECONNABORTED, before it begins another. */
    if (result < 0 && errno == ECONNABORTED)
        result = connect_to(fd, "127.0.0.1", port);
    outcome = result == 0 ? 0 : errno;
    if (outcome == EINPROGRESS) {
        if (ready(fd, POLLOUT, 5000) == 0)
            die("connect stays in progress");
        outcome = get_option(fd, SOL_SOCKET, SO_ERROR);
    }
    fact("the same descriptor, when somebody is there", "%s", errno_name(outcome));
    fact_yes("it is writable", (ready(fd, POLLOUT, 5000) & (POLLOUT | POLLERR | POLLHUP)) == POLLOUT);
    result = connect_to(fd, "127.0.0.1", port);
    fact("connect after that", "%s", result == 0 || errno == EISCONN ? "ok or EISCONN" : errno_name(errno));
    fact_call("and once more", connect_to(fd, "127.0.0.1", port));
    fact_number("nothing to read", recv(fd, &outcome, 1, 0));
    close(fd);
    CHECK(fcntl(server, F_SETFL, O_NONBLOCK));
    int peer = CHECK(accept(server, NULL, NULL));
    fact_number("the peer reads the end", read(peer, &outcome, 1));
    fact_call("accept with nobody waiting", accept(server, NULL, NULL));
    close(peer);
    close(server);
}

static void taken(void) {
    int server = listening("127.0.0.1", 0), port = own_port(server), fd = stream();
    address at = ip("127.0.0.1", port), other = ip("127.0.0.1", 0);
    fact_call("bind a taken port", bind(fd, &at.any, at.length));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    fact_call("bind a taken port with SO_REUSEADDR", bind(fd, &at.any, at.length));
    fact_call("then another port", bind(fd, &other.any, other.length));
    fact_call("bind twice", bind(fd, &other.any, other.length));
    fact_call("bind twice, elsewhere", bind(fd, &at.any, at.length));
    fact_call("listen", listen(fd, 1));
    fact_call("listen again", listen(fd, 8));
    fact_call("listen with a negative backlog", listen(fd, -1));
    fact_call("bind a listener", bind(fd, &other.any, other.length));
    int result = connect_to(fd, "127.0.0.1", port);
    fact_call("connect a listener", result);
    close(fd);
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(server);
        fd = stream();
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
        fact_call("another process binds it", bind(fd, &at.any, at.length));
        _exit(0);
    }
    ended(pid);
    close(server);
}

static void on_connected(void) {
    int server = listening("127.0.0.1", 0), port = own_port(server), fd = connected("127.0.0.1", port);
    address at = ip("127.0.0.1", 0), name;
    fact_call("connect twice", connect_to(fd, "127.0.0.1", port));
    fact_call("connect twice, to nobody", connect_to(fd, "127.0.0.1", free_port(SOCK_STREAM)));
    fact_call("listen on a connected socket", listen(fd, 1));
    fact_call("bind a connected socket", bind(fd, &at.any, at.length));
    fact_call("accept on a connected socket", accept(fd, NULL, NULL));
    int peer = CHECK(accept(server, NULL, NULL));
    fact_call("listen on an accepted socket", listen(peer, 1));
    fact_call("accept on an accepted socket", accept(peer, NULL, NULL));
    fact_call("bind an accepted socket", bind(peer, &at.any, at.length));
    fact_call("connect an accepted socket", connect_to(peer, "127.0.0.1", port));
    fact_call("shutdown with nonsense", shutdown(fd, 7));
    fact_call("shutdown for writing", shutdown(fd, SHUT_WR));
    fact_call("shutdown for writing twice", shutdown(fd, SHUT_WR));
    close(peer);
    close(fd);
    name = unwritten();
    fact_call("getpeername of a listener", getpeername(server, &name.any, &name.length));
    char byte;
    fact_number("recv on a listener", recv(server, &byte, 1, 0));
    fact_number("send on a listener", send(server, "x", 1, MSG_NOSIGNAL));
    close(server);
}

static void unconnected(void) {
    int fd = stream();
    address name = unwritten();
    char byte;
    fact_call("accept before bind", accept(fd, NULL, NULL));
    fact_call("getpeername before connect", getpeername(fd, &name.any, &name.length));
    fact_number("recv before connect", recv(fd, &byte, 1, MSG_DONTWAIT));
    fact_number("send before connect", send(fd, "x", 1, MSG_NOSIGNAL));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(fd, &at.any, at.length));
    fact_call("accept before listen", accept(fd, NULL, NULL));
    fact_call("getpeername of a bound socket", getpeername(fd, &name.any, &name.length));
    fact_number("recv on a bound socket", recv(fd, &byte, 1, MSG_DONTWAIT));
    fact_number("send on a bound socket", send(fd, "x", 1, MSG_NOSIGNAL));
    fact_call("shutdown of a bound socket", shutdown(fd, SHUT_RDWR));
    close(fd);
    fact_call("shutdown before connect", shutdown(fd = stream(), SHUT_RDWR));
    close(fd);
}

static void bad_addresses(void) {
    int server = listening("127.0.0.1", 0);
    address to = ip("127.0.0.1", own_port(server)), free_one = ip("127.0.0.1", 0);
    static const int lengths[] = {-1, 0, 1, 2, 8, 15, 17, 28, 128, 129, 4096};
    /* Room for the longest: qemu's emulation looks at all of it before it asks the kernel. */
    static union {
        struct sockaddr any;
        char room[4096];
    } far, near;
    memcpy(far.room, &to.space, to.length);
    memcpy(near.room, &free_one.space, free_one.length);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char text[60];
        int fd = stream();
        snprintf(text, sizeof text, "connect with length %d", lengths[i]);
        fact_call(text, connect(fd, &far.any, (socklen_t)lengths[i]));
        close(fd);
        fd = stream();
        snprintf(text, sizeof text, "bind with length %d", lengths[i]);
        fact_call(text, bind(fd, &near.any, (socklen_t)lengths[i]));
        close(fd);
    }
    static const int families[] = {AF_UNSPEC, AF_UNIX, AF_INET6, AF_NETLINK, 255};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        char text[60];
        int fd = stream();
        address wrong = to;
        wrong.any.sa_family = (sa_family_t)families[i];
        snprintf(text, sizeof text, "connect with family %d", families[i]);
        fact_call(text, connect(fd, &wrong.any, wrong.length));
        snprintf(text, sizeof text, "bind with family %d", families[i]);
        fact_call(text, bind(fd, &wrong.any, wrong.length));
        close(fd);
    }
    address any = ip("0.0.0.0", 0);
    any.any.sa_family = AF_UNSPEC;
    int fd = stream();
    fact_call("bind with AF_UNSPEC and the wildcard", bind(fd, &any.any, sizeof any.v4));
    close(fd);
    fact_call("connect to port 0", connect_to(fd = stream(), "127.0.0.1", 0));
    close(fd);
    close(server);
}

static void bad_descriptors(void) {
    address at = ip("127.0.0.1", 9), name = unwritten();
    int file = CHECK(open("/dev/null", O_RDWR)), none = 999;
    int descriptors[2] = {file, none};
    for (int i = 0; i < 2; i++) {
        int fd = descriptors[i];
#define TRY(name, call) fact_call(i == 0 ? "on a file: " name : "on nothing: " name, call)
        TRY("bind", bind(fd, &at.any, at.length));
        TRY("connect", connect(fd, &at.any, at.length));
        TRY("listen", listen(fd, 1));
        TRY("accept", accept(fd, NULL, NULL));
        TRY("getsockname", getsockname(fd, &name.any, &name.length));
        TRY("getpeername", getpeername(fd, &name.any, &name.length));
        TRY("shutdown", shutdown(fd, SHUT_RD));
        TRY("setsockopt", set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
        TRY("TCP setsockopt", set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
        TRY("sendto", sendto(fd, "x", 1, 0, &at.any, at.length));
        TRY("recvfrom", recvfrom(fd, &name, 1, 0, NULL, NULL));
    }
    fact_call("close what is not open", close(none));
    fact_call("close -1", close(-1));
    close(file);
    fact_call("socket of an unknown family", socket(200, SOCK_STREAM, 0));
    fact_call("socket of an unknown type", socket(AF_INET, 9, 0));
    fact_call("socket of another type's protocol", socket(AF_INET, SOCK_STREAM, IPPROTO_UDP));
    fact_call("socket with an unknown flag", socket(AF_INET, SOCK_STREAM | 0x100000, 0));
}

static void errno_untouched(void) {
    address name = unwritten();
    int value = 1, bad = 0;
    socklen_t length = sizeof value;
#define STEP(call)                                                                                                     \
    (errno = 4242, CHECK(call), errno == 4242 ? 0 : (fact("errno changed by", "%s to %d", #call, errno), bad = 1))
    int server = stream(), fd = stream(), peer;
    address at = ip("127.0.0.1", 0);
    STEP(set_option(server, SOL_SOCKET, SO_REUSEADDR, 1));
    STEP(set_option(server, IPPROTO_TCP, TCP_NODELAY, 1));
    STEP(bind(server, &at.any, at.length));
    STEP(listen(server, 5));
    STEP(getsockname(server, &name.any, &name.length));
    STEP(connect(fd, &name.any, name.length));
    STEP(peer = accept(server, NULL, NULL));
    STEP((name.length = sizeof name.space, getsockname(fd, &name.any, &name.length)));
    STEP((name.length = sizeof name.space, getpeername(fd, &name.any, &name.length)));
    STEP((name.length = sizeof name.space, getpeername(peer, &name.any, &name.length)));
    STEP(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &length));
    STEP(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length));
    STEP(send(fd, "x", 1, 0));
    STEP(recvfrom(peer, &value, 1, 0, NULL, NULL));
    STEP(shutdown(fd, SHUT_WR));
    STEP(close(peer));
    STEP(close(fd));
    STEP(close(server));
    server = bound("127.0.0.1", 0, SOCK_DGRAM);
    fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    name = name_of(server);
    STEP(sendto(fd, "x", 1, 0, &name.any, name.length));
    STEP(recvfrom(server, &value, 1, 0, &name.any, &name.length));
    STEP(sendto(server, "x", 1, 0, &name.any, name.length));
    STEP(connect(fd, &name.any, name.length));
    STEP(close(fd));
    STEP(close(server));
    fact_yes("success leaves errno alone", !bad);
}

int main(void) {
    probe_start();
    refused();
    nonblocking();
    taken();
    on_connected();
    unconnected();
    bad_addresses();
    bad_descriptors();
    errno_untouched();
    return 0;
}
