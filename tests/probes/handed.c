/*
 * A server without support for service managers: it binds its ports itself. Under the library it is started with
 * open sockets for them (LISTEN_FDS), and must see no difference to TCP and UDP, where it is started without any.
 */
#include "probe.h"

#include <sys/epoll.h>

#define STREAM_PORT 8000
#define DATAGRAM_PORT 8053

static int registered(int set, int fd, uint32_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    return epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static void fact_event(const char *name, int set, int milliseconds) {
    struct epoll_event event = {0};
    int count = CHECK(epoll_wait(set, &event, 1, milliseconds));
    fact(name, "%d, of %u", count, count > 0 ? event.data.u32 : 0);
}

static void fact_name(const char *name, const address *of) {
    fact(name, "%s port %d", ip_text(of), port_of(of));
}

static int try_bind(int fd, const char *text, int port) {
    address at = ip(text, port);
    return bind(fd, &at.any, at.length);
}

/* A client is served: it and the server see each other's addresses. */
static void serve(const char *what, int listener) {
    char name[64], byte = 0;
    address peer = unwritten();
    int client = connected("127.0.0.1", STREAM_PORT);
    CHECK(ready(listener, POLLIN, 5000));
    int server = CHECK(accept(listener, &peer.any, &peer.length));
    address clients = name_of(client), at_client = peer_of(client), servers = name_of(server);
    snprintf(name, sizeof name, "%s: the client's address is told", what);
    fact_yes(name, same_address(&clients, &peer));
    snprintf(name, sizeof name, "%s: the server's address is told", what);
    fact_yes(name, same_address(&at_client, &servers));
    send_byte(client);
    snprintf(name, sizeof name, "%s: has read", what);
    fact_number(name, read(server, &byte, 1));
    CHECK(close(server));
    CHECK(close(client));
}

static int serve_stream(const char *text, int flags, int set) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | flags, 0));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (set >= 0)
        CHECK(registered(set, fd, 77));
    fact_call("bind", try_bind(fd, text, STREAM_PORT));
    address name = name_of(fd);
    fact_name("is bound to", &name);
    return fd;
}

static void streams(void) {
    int set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    int fd = serve_stream("127.0.0.1", SOCK_NONBLOCK | SOCK_CLOEXEC, set);
    address peer = unwritten();
    fact_yes("does not block", fcntl(fd, F_GETFL) & O_NONBLOCK);
    fact_yes("is closed by exec", fcntl(fd, F_GETFD) & FD_CLOEXEC);
    fact("domain", "%d", get_option(fd, SOL_SOCKET, SO_DOMAIN));
    fact("protocol", "%d", get_option(fd, SOL_SOCKET, SO_PROTOCOL));
    fact_call("getpeername", getpeername(fd, &peer.any, &peer.length));
    fact_call("bind once more", try_bind(fd, "127.0.0.1", STREAM_PORT));
    int other = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("another bind", try_bind(other, "127.0.0.1", STREAM_PORT));
    fact_call("another bind, of all addresses", try_bind(other, "0.0.0.0", STREAM_PORT));
    fact_call("another bind, of another port", try_bind(other, "127.0.0.1", STREAM_PORT + 1));
    fact_call("listen", listen(fd, 16));
    fact_call("accept", accept(fd, NULL, NULL));
    int six = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    fact_call("bind of the same port, IPv6", try_bind(six, "::1", STREAM_PORT));
    fact_call("listen, IPv6", listen(six, 16));
    address name = name_of(six);
    fact_name("is bound to", &name);
    fact_event("no event", set, 0);
    serve("served", fd);
    pid_t child = fork_peer();
    if (child == 0) {
        close(fd);
        _exit(0);
    }
    fact("a child has closed its copy", "%d", ended(child));
    serve("served after that", fd);
    fact_call("shutdown", shutdown(fd, SHUT_RDWR));
    fact_call("accept after shutdown", accept(fd, NULL, NULL));
    fact_call("listen after shutdown", listen(fd, 16));
    serve("served after shutdown", fd);
    int client = connected("127.0.0.1", STREAM_PORT);
    fact_event("an event", set, 5000);
    CHECK(close(accept(fd, NULL, NULL)));
    CHECK(close(client));
    CHECK(close(six));
    CHECK(close(other));
    CHECK(close(fd));
    fact_event("no event after close", set, 0);
    fd = serve_stream("0.0.0.0", 0, -1);
    fact_yes("does not block", fcntl(fd, F_GETFL) & O_NONBLOCK);
    fact_call("listen", listen(fd, 16));
    serve("served once more", fd);
    CHECK(close(fd));
    CHECK(close(set));
}

/* SO_REUSEPORT: as many as the program likes. */
static void shared(void) {
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        CHECK(set_option(fds[i], SOL_SOCKET, SO_REUSEADDR, 1));
        CHECK(set_option(fds[i], SOL_SOCKET, SO_REUSEPORT, 1));
        fact_call("bind with SO_REUSEPORT", try_bind(fds[i], "127.0.0.1", STREAM_PORT));
        fact_call("listen with SO_REUSEPORT", listen(fds[i], 16));
    }
    int other = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("bind without it", try_bind(other, "127.0.0.1", STREAM_PORT));
    CHECK(close(other));
    for (int i = 0; i < 3; i++)
        CHECK(close(fds[i]));
}

static void exchange(const char *what, int server, const char *text) {
    char name[64], data[16];
    address client_name = ip("127.0.0.1", 0), to = ip(text, DATAGRAM_PORT);
    address seen = unwritten(), from = unwritten();
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(bind(client, &client_name.any, client_name.length));
    client_name = name_of(client);
    CHECK(sendto(client, "ask", 3, 0, &to.any, to.length));
    CHECK(ready(server, POLLIN, 5000));
    snprintf(name, sizeof name, "%s: asked", what);
    fact_number(name, recvfrom(server, data, sizeof data, 0, &seen.any, &seen.length));
    snprintf(name, sizeof name, "%s: the client's address is told", what);
    fact_yes(name, same_address(&client_name, &seen));
    CHECK(sendto(server, "answer", 6, 0, &seen.any, seen.length));
    CHECK(ready(client, POLLIN, 5000));
    snprintf(name, sizeof name, "%s: answered", what);
    fact_number(name, recvfrom(client, data, sizeof data, 0, &from.any, &from.length));
    snprintf(name, sizeof name, "%s: the answer comes from whom was asked", what);
    fact_yes(name, same_address(&from, &to));
    CHECK(close(client));
}

static int serve_datagrams(const char *text) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 0));
    fact_call("bind", try_bind(fd, text, DATAGRAM_PORT));
    address name = name_of(fd);
    fact_name("is bound to", &name);
    return fd;
}

static void datagrams(void) {
    int fd = serve_datagrams("127.0.0.1");
    fact_yes("does not block", fcntl(fd, F_GETFL) & O_NONBLOCK);
    int other = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    fact_call("another bind", try_bind(other, "127.0.0.1", DATAGRAM_PORT));
    exchange("datagrams", fd, "127.0.0.1");
    fact_call("shutdown", shutdown(fd, SHUT_RD));
    exchange("after shutdown", fd, "127.0.0.1");
    CHECK(close(fd));
    CHECK(close(other));
    fd = serve_datagrams("0.0.0.0");
    exchange("on all addresses", fd, "127.0.0.1");
    CHECK(close(fd));
}

int main(void) {
    probe_start();
    streams();
    shared();
    datagrams();
    return 0;
}
