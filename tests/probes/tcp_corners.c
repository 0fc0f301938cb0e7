/* Listening without a bind, binding before connecting, dissolving a connection with AF_UNSPEC, and TCP Fast Open. */
#include "../support/past_libc.h"
#include "probe.h"

#include <sys/syscall.h>

static void listen_without_bind(const char *prefix, int family, const char *host) {
    char text[80];
    int server = CHECK(socket(family, SOCK_STREAM, 0));
    snprintf(text, sizeof text, "%s: listen without bind", prefix);
    fact_call(text, listen(server, 8));
    address name = name_of(server);
    snprintf(text, sizeof text, "%s: listener's address", prefix);
    fact(text, "%s", ip_text(&name));
    snprintf(text, sizeof text, "%s: listener's port is ephemeral", prefix);
    fact_yes(text, port_of(&name) >= 32768 && port_of(&name) <= 60999);
    int client = CHECK(socket(family, SOCK_STREAM, 0));
    snprintf(text, sizeof text, "%s: connect to it", prefix);
    fact_call(text, connect_to(client, host, port_of(&name)));
    address at = ip(family == AF_INET ? "0.0.0.0" : "::", port_of(&name));
    int other = CHECK(socket(family, SOCK_STREAM, 0));
    snprintf(text, sizeof text, "%s: its port is taken", prefix);
    fact_call(text, bind(other, &at.any, at.length));
    close(other);
    close(client);
    close(server);
}

static void port_zero(void) {
    int sockets[8];
    bool differ = true, ephemeral = true;
    for (int i = 0; i < 8; i++) {
        sockets[i] = bound("127.0.0.1", 0, i % 2 ? SOCK_STREAM : SOCK_DGRAM);
        int port = own_port(sockets[i]);
        if (port < 32768 || port > 60999)
            ephemeral = false;
        for (int k = i % 2; k < i; k += 2)
            if (own_port(sockets[k]) == port)
                differ = false;
    }
    fact_yes("port 0: all different", differ);
    fact_yes("port 0: all ephemeral", ephemeral);
    fact_call("port 0: connect to a bound socket that does not listen",
              connect_to(CHECK(socket(AF_INET, SOCK_STREAM, 0)), "127.0.0.1", own_port(sockets[1])));
    for (int i = 0; i < 8; i++)
        close(sockets[i]);
    int server = listening("127.0.0.1", 0), client = bound("127.0.0.1", 0, SOCK_STREAM), before = own_port(client);
    fact_call("port 0, then connect", connect_to(client, "127.0.0.1", own_port(server)));
    address seen = unwritten();
    int peer = CHECK(accept(server, &seen.any, &seen.length));
    fact_yes("port 0, then connect: server sees the port", port_of(&seen) == before && own_port(client) == before);
    close(peer);
    close(client);
    close(server);
}

static void dissolve(void) {
    int server = listening("127.0.0.1", 0), fd = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL));
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    address name = unwritten();
    char byte;
    fact_call("AF_UNSPEC on a connection", connect(fd, &nowhere, sizeof nowhere));
    fact_call("then getpeername", getpeername(fd, &name.any, &name.length));
    fact_yes("the peer is told", ready(peer, POLLIN, 5000) != 0 && read(peer, &byte, 1) <= 0);
    fact_call("connect again", connect_to(fd, "127.0.0.1", own_port(server)));
    int second = CHECK(accept(server, NULL, NULL));
    send_byte(fd);
    fact_yes("bytes flow again", wait_byte(second));
    close(second);
    close(peer);
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("AF_UNSPEC on a fresh socket", connect(fd, &nowhere, sizeof nowhere));
    fact_call("connect after it", connect_to(fd, "127.0.0.1", own_port(server)));
    close(fd);
    int port = own_port(server);
    fact_call("AF_UNSPEC on a listener", connect(server, &nowhere, sizeof nowhere));
    fact_call("connect to what listened", connect_to(fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), "127.0.0.1", port));
    close(fd);
    close(server);
}

/* A port that the program chose stays its own: haproxy gives its successor room so, and comes back if that fails. */
static void dissolve_bound(void) {
    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    int port = free_port(SOCK_STREAM), server = listening("127.0.0.1", port), client;
    address own = name_of(server), name;
    fact_call("AF_UNSPEC on a bound listener", connect(server, &nowhere, sizeof nowhere));
    name = name_of(server);
    fact_yes("it has its address still", same_address(&own, &name));
    fact_call("bind again", bind(server, &own.any, own.length));
    fact_call("connect meanwhile", connect_to(client = CHECK(socket(AF_INET, SOCK_STREAM, 0)), "127.0.0.1", port));
    close(client);
    fact_call("listen again", listen(server, 5));
    fact_call("connect then", connect_to(client = CHECK(socket(AF_INET, SOCK_STREAM, 0)), "127.0.0.1", port));
    int accepted = CHECK(accept(server, NULL, NULL));
    name = peer_of(client);
    fact_yes("to the same address", same_address(&own, &name));
    close(accepted);
    close(client);
    close(server);
}

/* A number whose last socket the library knew is that of one which was made past it, by a raw system call. */
static void made_elsewhere(void) {
    int server = listening("127.0.0.1", 0);
    int known = connected("127.0.0.1", own_port(server)), number = known;
    close(CHECK(accept(server, NULL, NULL)));
    CHECK(close(known));
    address any = ip("127.0.0.1", 0);
    int fd = (int)CHECK(PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
    fact_yes("the number is the same", fd == number);
    fact_call("connect, where one was connected", connect_to(fd, "127.0.0.1", own_port(server)));
    close(CHECK(accept(server, NULL, NULL)));
    CHECK(close(fd));
    fd = (int)CHECK(PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
    fact_call("bind, where one was connected", bind(fd, &any.any, any.length));
    fact_call("listen", listen(fd, 5));
    int port = own_port(fd);
    fact_call("connect to it", connect_to(known = CHECK(socket(AF_INET, SOCK_STREAM, 0)), "127.0.0.1", port));
    close(known);
    CHECK(close(fd));
    fd = (int)CHECK(PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
    fact_call("listen, where one listened", listen(fd, 5));
    fact_yes("on another port", own_port(fd) != 0);
    close(fd);
    close(server);
}

static void fast_open(const char *prefix, bool by_sendmsg, bool listener_option, bool nonblocking) {
    char text[80], bytes[16] = "";
    int server = listening("127.0.0.1", 0);
    if (listener_option)
        fact_call("TCP_FASTOPEN on a listener", set_option(server, IPPROTO_TCP, TCP_FASTOPEN, 5));
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | (nonblocking ? SOCK_NONBLOCK : 0), 0));
    address to = ip("127.0.0.1", own_port(server));
    struct iovec part = {"early", 5};
    struct msghdr message = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &part, .msg_iovlen = 1};
    long sent =
        by_sendmsg ? sendmsg(fd, &message, MSG_FASTOPEN) : sendto(fd, "early", 5, MSG_FASTOPEN, &to.any, to.length);
    snprintf(text, sizeof text, "%s: sent", prefix);
    /* Without a cookie from this server a non-blocking socket connects first and sends later; so may it always. */
    if (nonblocking && sent < 0 && errno == EINPROGRESS) {
        if (ready(fd, POLLOUT, 5000) == 0)
            die("no connection");
        sent = send(fd, "early", 5, 0);
    }
    fact_number(text, sent);
    address seen = unwritten(), own = name_of(fd), remote = peer_of(fd);
    int peer = CHECK(accept(server, &seen.any, &seen.length));
    snprintf(text, sizeof text, "%s: received", prefix);
    fact_number(text, recv(peer, bytes, sizeof bytes, 0));
    snprintf(text, sizeof text, "%s: both agree on addresses", prefix);
    fact_yes(text, same_address(&seen, &own) && same_address(&remote, &to));
    /* A non-blocking socket whose first bytes went out with the SYN may do it twice. */
    snprintf(text, sizeof text, "%s: again on the connection", prefix);
    if (!nonblocking)
        fact_call(text, sendto(fd, "x", 1, MSG_FASTOPEN, &to.any, to.length));
    close(peer);
    close(fd);
    close(server);
}

static void fast_open_connect(void) {
    int server = listening("127.0.0.1", 0), fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("TCP_FASTOPEN_CONNECT", set_option(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1));
    fact_call("connect with it", connect_to(fd, "127.0.0.1", own_port(server)));
    fact_number("send with it", send(fd, "data", 4, 0));
    int peer = CHECK(accept(server, NULL, NULL));
    char bytes[8];
    fact_number("received with it", recv(peer, bytes, sizeof bytes, 0));
    close(peer);
    close(fd);
    close(server);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    address nobody = ip("127.0.0.1", free_port(SOCK_STREAM));
    fact_call("fast open to nobody", sendto(fd, "x", 1, MSG_FASTOPEN, &nobody.any, nobody.length));
    close(fd);
}

int main(void) {
    probe_start();
    signal(SIGPIPE, SIG_IGN);
    listen_without_bind("IPv4", AF_INET, "127.0.0.1");
    listen_without_bind("IPv6", AF_INET6, "::1");
    port_zero();
    dissolve();
    dissolve_bound();
    made_elsewhere();
    fast_open("fast open by sendto", false, false, false);
    fast_open("fast open by sendmsg", true, false, false);
    fast_open("fast open, willing listener", false, true, false);
    fast_open("fast open, non-blocking", false, true, true);
    fast_open_connect();
    return 0;
}
