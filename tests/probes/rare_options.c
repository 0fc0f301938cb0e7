/* Options that few programs set: on a fresh socket, a listener, a client and an accepted socket. */
#include "probe.h"

#include <linux/net_tstamp.h>

static const struct {
    const char *name;
    int level, option, value;
} options[] = {
    {"SO_ZEROCOPY", SOL_SOCKET, SO_ZEROCOPY, 1},
    {"SO_TIMESTAMPNS", SOL_SOCKET, SO_TIMESTAMPNS, 1},
    {"SO_TIMESTAMPING", SOL_SOCKET, SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE},
    {"SO_MAX_PACING_RATE", SOL_SOCKET, SO_MAX_PACING_RATE, 1000000},
    {"SO_RXQ_OVFL", SOL_SOCKET, SO_RXQ_OVFL, 1},
    {"SO_SELECT_ERR_QUEUE", SOL_SOCKET, SO_SELECT_ERR_QUEUE, 1},
    {"SO_LOCK_FILTER", SOL_SOCKET, SO_LOCK_FILTER, 1},
    {"SO_PEEK_OFF", SOL_SOCKET, SO_PEEK_OFF, 0},
    {"SO_SNDLOWAT", SOL_SOCKET, SO_SNDLOWAT, 1},
    {"TCP_THIN_DUPACK", IPPROTO_TCP, TCP_THIN_DUPACK, 0},
    {"TCP_SAVE_SYN", IPPROTO_TCP, TCP_SAVE_SYN, 1},
    {"TCP_INQ", IPPROTO_TCP, TCP_INQ, 1},
    {"TCP_TX_DELAY", IPPROTO_TCP, TCP_TX_DELAY, 0},
    {"TCP_FASTOPEN_NO_COOKIE", IPPROTO_TCP, TCP_FASTOPEN_NO_COOKIE, 1},
    {"TCP_QUICKACK", IPPROTO_TCP, TCP_QUICKACK, 1},
    {"IP_RECVTTL", IPPROTO_IP, IP_RECVTTL, 1},
    {"IP_RECVERR", IPPROTO_IP, IP_RECVERR, 1},
    {"IP_PKTINFO", IPPROTO_IP, IP_PKTINFO, 1},
    {"IP_MINTTL", IPPROTO_IP, IP_MINTTL, 1},
    {"IP_LOCAL_PORT_RANGE", IPPROTO_IP, 51, 0},
    {"IP_MULTICAST_TTL", IPPROTO_IP, IP_MULTICAST_TTL, 2},
    {"IP_HDRINCL", IPPROTO_IP, IP_HDRINCL, 1},
    {"IPV6_TCLASS on IPv4", IPPROTO_IPV6, IPV6_TCLASS, 1},
};

static void each(const char *who, int fd) {
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        int value = -1;
        socklen_t length = sizeof value;
        int result = set_option(fd, options[i].level, options[i].option, options[i].value);
        const char *set = result == 0 ? "ok" : errno_name(errno);
        result = getsockopt(fd, options[i].level, options[i].option, &value, &length);
        if (result < 0)
            fact(who, "%s: set %s, get %s", options[i].name, set, errno_name(errno));
        else
            fact(who, "%s: set %s, get %d in %u bytes", options[i].name, set, value, (unsigned)length);
    }
}

static void others(const char *who, int fd) {
    char name[32] = "";
    socklen_t length = sizeof name;
    fact(who, "set SO_BINDTODEVICE: %s",
         setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "", 0) == 0 ? "ok" : errno_name(errno));
    fact(who, "get SO_BINDTODEVICE: %s, length %u",
         getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) == 0 ? "ok" : errno_name(errno), (unsigned)length);
    uint64_t cookie = 0;
    length = sizeof cookie;
    fact(who, "get SO_COOKIE: %s",
         getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length) == 0 && cookie != 0 ? "ok" : errno_name(errno));
    struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe0000101)};
    fact(who, "IP_ADD_MEMBERSHIP: %s",
         setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0 ? "ok" : errno_name(errno));
    length = sizeof name;
    fact(who, "get TCP_ULP: %s, length %u",
         getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, &length) == 0 ? "ok" : errno_name(errno), (unsigned)length);
    fact(who, "set an unknown TCP_ULP: %s",
         setsockopt(fd, IPPROTO_TCP, TCP_ULP, "nonsense", 8) == 0 ? "ok" : errno_name(errno));
    /* Encryption in the kernel: a program that is told `ok` here goes on in plain text through its own library. */
    fact(who, "set TCP_ULP tls: %s", setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3) == 0 ? "ok" : errno_name(errno));
}

int main(void) {
    probe_start();
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0)), server = listening("127.0.0.1", 0);
    int client = connected("127.0.0.1", own_port(server)), peer = CHECK(accept(server, NULL, NULL));
    each("fresh", fresh);
    others("fresh", fresh);
    each("listener", server);
    each("client", client);
    others("client", client);
    each("accepted", peer);
    return 0;
}
