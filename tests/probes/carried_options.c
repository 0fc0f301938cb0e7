/*
 * Options that few programs set: each is set on a socket before or after it is bound or connected, by one descriptor or
 * its duplicate, and read back by both; accepted sockets have their listener's.
 */
#include "probe.h"

#include <linux/filter.h>
#include <linux/in6.h>
#include <linux/net_tstamp.h>

struct option {
    const char *name;
    int level, option, value;
};

#define SOCKET(option, value) {#option, SOL_SOCKET, option, value}
#define TCP(option, value) {#option, IPPROTO_TCP, option, value}
#define IP(option, value) {#option, IPPROTO_IP, option, value}
#define IP6(option, value) {#option, IPPROTO_IPV6, option, value}
#define COUNT(options) (sizeof options / sizeof *options)

/* Numbers where the C library's headers may be older than the kernel. An interface's index is in network byte order. */
static const struct option general[] = {
    SOCKET(SO_SNDBUF, 1),
    SOCKET(SO_RXQ_OVFL, 1),
    SOCKET(SO_TIMESTAMP, 1),
    SOCKET(SO_TIMESTAMPNS, 1),
    SOCKET(SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE),
    SOCKET(SO_MAX_PACING_RATE, 1000000),
    SOCKET(SO_PEEK_OFF, 0),
    SOCKET(SO_LOCK_FILTER, 1),
    SOCKET(SO_NOFCS, 1),
    SOCKET(SO_SELECT_ERR_QUEUE, 1),
    SOCKET(SO_DEBUG, 1),
    SOCKET(SO_WIFI_STATUS, 1),
    SOCKET(SO_PASSCRED, 1),
    {"SO_BINDTOIFINDEX", SOL_SOCKET, 62, 1},
    {"SO_PREFER_BUSY_POLL", SOL_SOCKET, 69, 1},
    {"SO_BUSY_POLL_BUDGET", SOL_SOCKET, 70, 9},
    {"SO_BUF_LOCK", SOL_SOCKET, 72, 3},
    {"SO_TXREHASH", SOL_SOCKET, 74, 0},
    IP(IP_RECVOPTS, 1),
    IP(IP_RETOPTS, 1),
    {"IP_RECVERR_RFC4884", IPPROTO_IP, 26, 1},
    IP(IP_MULTICAST_ALL, 0),
    IP(IP_MULTICAST_LOOP, 0),
    {"IP_UNICAST_IF", IPPROTO_IP, 50, 0x01000000},
    IP(IP_RECVORIGDSTADDR, 1),
    IP(IP_CHECKSUM, 1),
    IP(IP_RECVFRAGSIZE, 1),
    {"IP_LOCAL_PORT_RANGE", IPPROTO_IP, 51, (int)0x90008000u},
};

static const struct option six[] = {
    IP6(IPV6_MULTICAST_LOOP, 0),
    IP6(IPV6_MULTICAST_IF, 1),
    {"IPV6_MULTICAST_ALL", IPPROTO_IPV6, 29, 0},
    IP6(IPV6_DONTFRAG, 1),
    {"IPV6_FREEBIND", IPPROTO_IPV6, 78, 1},
    IP6(IPV6_TRANSPARENT, 1),
    IP6(IPV6_MINHOPCOUNT, 5),
    IP6(IPV6_RECVRTHDR, 1),
    IP6(IPV6_RECVHOPOPTS, 1),
    IP6(IPV6_RECVDSTOPTS, 1),
    IP6(IPV6_RECVPATHMTU, 1),
    IP6(IPV6_UNICAST_IF, 0x01000000),
    IP6(IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_PUBLIC),
    IP6(IPV6_AUTOFLOWLABEL, 0),
    {"IPV6_RECVERR_RFC4884", IPPROTO_IPV6, 31, 1},
    {"IPV6_FLOWINFO", IPPROTO_IPV6, 11, 1},
    {"IPV6_FLOWINFO_SEND", IPPROTO_IPV6, 33, 1},
    {"IPV6_ORIGDSTADDR", IPPROTO_IPV6, 74, 1},
    {"IPV6_RECVFRAGSIZE", IPPROTO_IPV6, 77, 1},
};

static const struct option stream[] = {
    {"TCP_TX_DELAY", IPPROTO_TCP, 37, 100},
    {"TCP_RTO_MAX_MS", IPPROTO_TCP, 44, 2000},
    {"TCP_RTO_MIN_US", IPPROTO_TCP, 45, 100000},
    {"TCP_DELACK_MAX_US", IPPROTO_TCP, 46, 100000},
    TCP(TCP_KEEPIDLE, 60),
};

static const struct option datagram[] = {
    {"UDP_CORK", IPPROTO_UDP, 1, 1},           {"UDP_NO_CHECK6_TX", IPPROTO_UDP, 101, 1},
    {"UDP_NO_CHECK6_RX", IPPROTO_UDP, 102, 1}, {"UDP_SEGMENT", IPPROTO_UDP, 103, 500},
    {"UDP_GRO", IPPROTO_UDP, 104, 1},          TCP(TCP_FASTOPEN_CONNECT, 1),
};

/* One descriptor's answer, as text: an errno or the number, and the length. */
static const char *answer(int fd, const struct option *option) {
    static char texts[4][64];
    static unsigned next;
    char *text = texts[next++ % 4];
    unsigned char value[16];
    int number;
    memset(value, 0xee, sizeof value);
    socklen_t length = sizeof value;
    if (getsockopt(fd, option->level, option->option, value, &length) < 0)
        return errno_name(errno);
    memcpy(&number, value, sizeof number);
    snprintf(text, sizeof texts[0], "%d in %u bytes", number, (unsigned)length);
    return text;
}

static const char *set(int fd, const struct option *option) {
    return set_option(fd, option->level, option->option, option->value) == 0 ? "ok" : errno_name(errno);
}

/* A buffer's size is AF_UNIX's own once a stream is connected. */
static bool is_known_to_differ(const struct option *option, int type, bool connected) {
    return type == SOCK_STREAM && connected && option->level == SOL_SOCKET && option->option == SO_SNDBUF;
}

static void client(const char *story, const char *host, int type, int server, const struct option *option) {
    for (int late = 0; late < 2; late++) {
        int fd = CHECK(socket(strchr(host, ':') ? AF_INET6 : AF_INET, type, 0)), copy = CHECK(dup(fd));
        const char *result = late ? "" : set(fd, option);
        CHECK(connect_to(fd, host, own_port(server)));
        int peer = type == SOCK_STREAM ? CHECK(accept(server, NULL, NULL)) : -1;
        if (late)
            result = set(copy, option);
        if (!is_known_to_differ(option, type, true))
            fact(story, "%s %s: set %s, get %s, duplicate %s", option->name, late ? "late" : "early", result,
                 answer(fd, option), answer(copy, option));
        if (peer >= 0)
            close(peer);
        close(copy);
        close(fd);
    }
}

static void server_side(const char *story, const char *host, int type, const struct option *option) {
    for (int late = 0; late < 2; late++) {
        address at = ip(host, 0);
        int fd = CHECK(socket(at.any.sa_family, type, 0));
        const char *result = late ? "" : set(fd, option);
        CHECK(bind(fd, &at.any, at.length));
        if (late)
            result = set(fd, option);
        fact(story, "%s %s: bound: set %s, get %s", option->name, late ? "late" : "early", result, answer(fd, option));
        if (type == SOCK_STREAM && !is_known_to_differ(option, type, true)) {
            CHECK(listen(fd, 4));
            int to = CHECK(socket(at.any.sa_family, type, 0));
            CHECK(connect_to(to, host, own_port(fd)));
            int peer = CHECK(accept(fd, NULL, NULL));
            fact(story, "%s %s: accepted: %s", option->name, late ? "late" : "early", answer(peer, option));
            close(peer);
            close(to);
        }
        close(fd);
    }
}

static void both_sides(const char *story, const char *host, int type, const struct option *options, size_t count) {
    int server = bound(host, 0, type);
    if (type == SOCK_STREAM)
        CHECK(listen(server, 8));
    for (size_t i = 0; i < count; i++) {
        client(story, host, type, server, &options[i]);
        server_side(story, host, type, &options[i]);
    }
    close(server);
}

/* Over UDP on the loopback, the sender's buffer never keeps a datagram from being sent. */
static void small_buffer(const char *story, bool late) {
    static char data[60000];
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    if (!late)
        CHECK(set_option(fd, SOL_SOCKET, SO_SNDBUF, 1));
    CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
    if (late)
        CHECK(set_option(fd, SOL_SOCKET, SO_SNDBUF, 1));
    for (int i = 0; i < 2; i++) {
        fact(story, "sent %ld", (long)send(fd, data, i == 0 ? sizeof data : 9000, MSG_DONTWAIT));
        fact(story, "received %ld", (long)recv(server, data, sizeof data, MSG_DONTWAIT));
    }
    fact(story, "SO_SNDBUF %d", get_option(fd, SOL_SOCKET, SO_SNDBUF));
    CHECK(set_option(fd, SOL_SOCKET, SO_SNDBUF, 100000));
    fact(story, "then SO_SNDBUF %d", get_option(fd, SOL_SOCKET, SO_SNDBUF));
    close(fd);
    close(server);
}

static void duplicates(void) {
    int server = listening("127.0.0.1", 0), fd = connected("127.0.0.1", own_port(server)), copy = CHECK(dup(fd));
    CHECK(set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 60));
    fact("duplicate", "TCP_KEEPIDLE %d", get_option(copy, IPPROTO_TCP, TCP_KEEPIDLE));
    CHECK(set_option(copy, IPPROTO_TCP, TCP_KEEPIDLE, 61));
    fact("first", "TCP_KEEPIDLE %d", get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE));
    close(copy);
    close(fd);
    close(server);
    server = bound("127.0.0.1", 0, SOCK_DGRAM), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), copy = CHECK(dup(fd));
    address to = name_of(server);
    CHECK(set_option(fd, IPPROTO_IP, IP_TTL, 12));
    CHECK(set_option(copy, IPPROTO_IP, IP_TOS, 8));
    CHECK(set_option(fd, SOL_SOCKET, SO_SNDBUF, 5000));
    CHECK(sendto(copy, "x", 1, 0, &to.any, to.length));
    for (int i = 0; i < 2; i++)
        fact(i ? "datagram, duplicate" : "datagram, first", "IP_TTL %d, IP_TOS %d, SO_SNDBUF %d",
             get_option(i ? copy : fd, IPPROTO_IP, IP_TTL), get_option(i ? copy : fd, IPPROTO_IP, IP_TOS),
             get_option(i ? copy : fd, SOL_SOCKET, SO_SNDBUF));
    close(fd);
    close(copy);
    close(server);
}

static void reuseport_filter(const char *story, int type, bool reuseport) {
    struct sock_filter first = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {1, &first};
    int fd = CHECK(socket(AF_INET, type, 0));
    address at = ip("127.0.0.1", 0);
    if (reuseport)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    CHECK(bind(fd, &at.any, at.length));
    int result = setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program);
    fact(story, "SO_ATTACH_REUSEPORT_CBPF, reuseport %d: %s", reuseport, result == 0 ? "ok" : errno_name(errno));
    close(fd);
}

int main(void) {
    probe_start();
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    for (int i = 0; i < 2; i++) {
        const char *streams = i == 0 ? "IPv4 stream" : "IPv6 stream",
                   *datagrams = i == 0 ? "IPv4 datagram" : "IPv6 datagram";
        both_sides(streams, hosts[i], SOCK_STREAM, general, COUNT(general));
        both_sides(streams, hosts[i], SOCK_STREAM, stream, COUNT(stream));
        both_sides(datagrams, hosts[i], SOCK_DGRAM, general, COUNT(general));
        both_sides(datagrams, hosts[i], SOCK_DGRAM, datagram, COUNT(datagram));
        if (i == 1)
            both_sides(streams, hosts[i], SOCK_STREAM, six, COUNT(six));
        if (i == 1)
            both_sides(datagrams, hosts[i], SOCK_DGRAM, six, COUNT(six));
        reuseport_filter(streams, SOCK_STREAM, i == 1);
        reuseport_filter(datagrams, SOCK_DGRAM, i == 1);
        small_buffer("small buffer", i == 1);
    }
    duplicates();
    return 0;
}
