/*
 * Options: set before or after bind and connect they are read back as TCP and UDP answer them, accepted sockets inherit
 * them, and nonsense fails as it does there.
 */
#include "probe.h"

struct option {
    const char *name;
    int level, option, value;
};

#define OPTION(level, option, value) {#option, level, option, value}

static const struct option stream_options[] = {
    OPTION(SOL_SOCKET, SO_REUSEADDR, 1),
    OPTION(SOL_SOCKET, SO_REUSEPORT, 1),
    OPTION(SOL_SOCKET, SO_KEEPALIVE, 1),
    OPTION(SOL_SOCKET, SO_BROADCAST, 1),
    OPTION(SOL_SOCKET, SO_OOBINLINE, 1),
    OPTION(SOL_SOCKET, SO_DONTROUTE, 1),
    OPTION(SOL_SOCKET, SO_RCVLOWAT, 1),
    OPTION(SOL_SOCKET, SO_SNDBUF, 50000),
    OPTION(SOL_SOCKET, SO_RCVBUF, 60000),
    OPTION(SOL_SOCKET, SO_TIMESTAMP, 1),
    OPTION(SOL_SOCKET, SO_BUSY_POLL, 50),
    OPTION(IPPROTO_TCP, TCP_NODELAY, 1),
    OPTION(IPPROTO_TCP, TCP_KEEPIDLE, 61),
    OPTION(IPPROTO_TCP, TCP_KEEPINTVL, 11),
    OPTION(IPPROTO_TCP, TCP_KEEPCNT, 4),
    OPTION(IPPROTO_TCP, TCP_USER_TIMEOUT, 4321),
    OPTION(IPPROTO_TCP, TCP_CORK, 1),
    OPTION(IPPROTO_TCP, TCP_SYNCNT, 3),
    OPTION(IPPROTO_TCP, TCP_LINGER2, 20),
    OPTION(IPPROTO_TCP, TCP_DEFER_ACCEPT, 3),
    OPTION(IPPROTO_TCP, TCP_WINDOW_CLAMP, 40000),
    OPTION(IPPROTO_TCP, TCP_NOTSENT_LOWAT, 16384),
    OPTION(IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 1),
    OPTION(IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1),
    OPTION(IPPROTO_IP, IP_TOS, 0x10),
    OPTION(IPPROTO_IP, IP_TTL, 33),
    OPTION(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO),
    OPTION(IPPROTO_IP, IP_FREEBIND, 1),
    OPTION(IPPROTO_IP, IP_RECVTOS, 1),
    OPTION(IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1),
    /* After IP_TOS, which sets it too. */
    OPTION(SOL_SOCKET, SO_PRIORITY, 3),
};

static const struct option stream6_options[] = {
    OPTION(IPPROTO_IPV6, IPV6_V6ONLY, 1),        OPTION(IPPROTO_IPV6, IPV6_TCLASS, 0x20),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, 44), OPTION(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1),
    OPTION(IPPROTO_TCP, TCP_NODELAY, 1),         OPTION(IPPROTO_IP, IP_TOS, 0x08),
};

static const struct option datagram_options[] = {
    OPTION(SOL_SOCKET, SO_REUSEADDR, 1),
    OPTION(SOL_SOCKET, SO_REUSEPORT, 1),
    OPTION(SOL_SOCKET, SO_BROADCAST, 1),
    OPTION(SOL_SOCKET, SO_SNDBUF, 50000),
    OPTION(SOL_SOCKET, SO_NO_CHECK, 1),
    OPTION(IPPROTO_IP, IP_TOS, 0x10),
    OPTION(IPPROTO_IP, IP_TTL, 5),
    OPTION(IPPROTO_IP, IP_PKTINFO, 1),
    OPTION(IPPROTO_IP, IP_RECVERR, 1),
    OPTION(IPPROTO_IP, IP_MULTICAST_TTL, 2),
    OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, 0),
};

static void show(const char *when, int fd, const struct option *option) {
    char text[120];
    int value = -12345;
    socklen_t length = sizeof value;
    snprintf(text, sizeof text, "%s: %s", when, option->name);
    if (getsockopt(fd, option->level, option->option, &value, &length) < 0)
        fact(text, "%s", errno_name(errno));
    else
        fact(text, "%d, length %u", value, (unsigned)length);
}

static void show_all(const char *when, int fd, const struct option *options, size_t count) {
    for (size_t i = 0; i < count; i++)
        show(when, fd, &options[i]);
}

static void set_all(const char *when, int fd, const struct option *options, size_t count) {
    char text[120];
    for (size_t i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s: set %s", when, options[i].name);
        fact_call(text, set_option(fd, options[i].level, options[i].option, options[i].value));
    }
}

/* Sets a family's options before or after the redirection of a server and a client and reads them everywhere. */
static void life(const char *prefix, const char *host, const struct option *options, size_t count, bool after) {
    char text[80];
#define WHEN(what) (snprintf(text, sizeof text, "%s, %s: %s", prefix, after ? "late" : "early", what), text)
    address at = ip(host, 0);
    int server = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0)),
        client = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    show_all(WHEN("fresh"), server, options, count);
    if (!after)
        set_all(WHEN("server"), server, options, count);
    if (!after)
        set_all(WHEN("client"), client, options, count);
    CHECK(bind(server, &at.any, at.length));
    CHECK(listen(server, 8));
    if (after)
        show_all(WHEN("listener, nothing set"), server, options, count);
    if (after)
        set_all(WHEN("server"), server, options, count);
    show_all(WHEN("listener"), server, options, count);
    /* A deferred accept and a fast open wait for data that this client does not send first. */
    if (at.any.sa_family == AF_INET)
        CHECK(set_option(server, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0));
    if (at.any.sa_family == AF_INET && !after)
        CHECK(set_option(client, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 0));
    CHECK(connect_to(client, host, own_port(server)));
    if (after)
        set_all(WHEN("client"), client, options, count);
    show_all(WHEN("client connected"), client, options, count);
    int peer = CHECK(accept(server, NULL, NULL));
    show_all(WHEN("accepted"), peer, options, count);
    close(peer);
    close(client);
    close(server);
}

static void datagram_life(bool after) {
    const char *prefix = "datagram";
    const struct option *options = datagram_options;
    size_t count = sizeof datagram_options / sizeof *datagram_options;
    char text[80];
    address at = ip("127.0.0.1", 0);
    int server = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    show_all(WHEN("fresh"), server, options, count);
    if (!after)
        set_all(WHEN("server"), server, options, count);
    if (!after)
        set_all(WHEN("client"), client, options, count);
    CHECK(bind(server, &at.any, at.length));
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    if (after)
        set_all(WHEN("server"), server, options, count);
    if (after)
        set_all(WHEN("client"), client, options, count);
    show_all(WHEN("server"), server, options, count);
    show_all(WHEN("client"), client, options, count);
    show(WHEN("client"), client, &(struct option)OPTION(IPPROTO_TCP, TCP_NODELAY, 1));
    close(client);
    close(server);
}

#define COUNT(options) (sizeof options / sizeof *options)

/* How large a packet may be, by the family in which it leaves. */
static void mtu(const char *host, int domain, const char *reached_by) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    int server = listening(host, 0), receiver = bound(host, 0, SOCK_DGRAM);
    int stream = CHECK(socket(domain, SOCK_STREAM, 0)), datagram = CHECK(socket(domain, SOCK_DGRAM, 0));
    CHECK(connect_to(stream, reached_by, own_port(server)));
    CHECK(connect_to(datagram, reached_by, own_port(receiver)));
    int accepted = CHECK(accept(server, NULL, NULL)), fds[] = {stream, datagram, accepted};
    for (int i = 0; i < 3; i++) {
        fact(reached_by, "IP_MTU %d", get_option(fds[i], IPPROTO_IP, IP_MTU));
        if (domain == AF_INET6 && i < 2)
            fact(reached_by, "IPV6_MTU %d", get_option(fds[i], IPPROTO_IPV6, IPV6_MTU));
    }
    CHECK(getsockopt(stream, IPPROTO_TCP, TCP_INFO, &info, &length));
    fact(reached_by, "of TCP_INFO %u", info.tcpi_pmtu);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    close(server);
    close(receiver);
}

int main(void) {
    probe_start();
    for (int after = 0; after < 2; after++) {
        life("IPv4", "127.0.0.1", stream_options, COUNT(stream_options), after);
        /* V6ONLY is fixed by bind: its late turn is in the probe about IPv6. */
        life("IPv6", "::1", stream6_options + after, COUNT(stream6_options) - (size_t)after, after);
        datagram_life(after);
    }
    mtu("127.0.0.1", AF_INET, "127.0.0.1");
    mtu("::1", AF_INET6, "::1");
    mtu("127.0.0.1", AF_INET6, "::ffff:127.0.0.1");
    return 0;
}
