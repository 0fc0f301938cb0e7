/* Options that are structures, strings or read-only, and getsockopt and setsockopt with invalid arguments. */
#include "probe.h"

#include <sys/time.h>

/* A value read into a buffer of `given` bytes: the result, the length returned and the bytes. */
static void read_short(const char *name, int fd, int level, int option, int given) {
    unsigned char value[300];
    char text[120], bytes[64] = "";
    memset(value, 0xee, sizeof value);
    socklen_t length = (socklen_t)given;
    int result = getsockopt(fd, level, option, value, &length), number = errno;
    for (int i = 0; i < 8; i++)
        snprintf(bytes + i * 2, 3, "%02x", value[i]);
    snprintf(text, sizeof text, "%s read into %d bytes", name, given);
    if (result < 0)
        fact(text, "%s", errno_name(number));
    else
        fact(text, "length %d, %s", (int)length, bytes);
}

static void lengths(const char *where, int fd) {
    static const struct {
        const char *name;
        int level, option;
    } options[] = {{"SO_REUSEADDR", SOL_SOCKET, SO_REUSEADDR},
                   {"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
                   {"IP_TTL", IPPROTO_IP, IP_TTL},
                   {"SO_TYPE", SOL_SOCKET, SO_TYPE},
                   {"SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL},
                   {"SO_LINGER", SOL_SOCKET, SO_LINGER},
                   {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE}};
    static const int given[] = {-1, 0, 1, 2, 3, 4, 8, 64};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        for (size_t k = 0; k < sizeof given / sizeof *given; k++) {
            char text[60];
            snprintf(text, sizeof text, "%s: %s", where, options[i].name);
            read_short(text, fd, options[i].level, options[i].option, given[k]);
        }
}

static void nonsense(const char *where, int fd) {
    char text[120], space[256] = {0};
    int minus = -1, zero = 0, big = 100000;
    socklen_t length;
#define SET(name, level, option, value, size)                                                                          \
    (snprintf(text, sizeof text, "%s: set %s", where, name),                                                           \
     fact_call(text, setsockopt(fd, level, option, value, size)))
#define GET(name, level, option)                                                                                       \
    (snprintf(text, sizeof text, "%s: get %s", where, name), length = sizeof space,                                    \
     fact_call(text, getsockopt(fd, level, option, space, &length)))
    SET("TCP_NODELAY with 3 bytes", IPPROTO_TCP, TCP_NODELAY, &big, 3);
    SET("TCP_NODELAY with 0 bytes", IPPROTO_TCP, TCP_NODELAY, &big, 0);
    SET("TCP_NODELAY from NULL", IPPROTO_TCP, TCP_NODELAY, NULL, 4);
    SET("SO_REUSEPORT with 2 bytes", SOL_SOCKET, SO_REUSEPORT, &big, 2);
    SET("SO_KEEPALIVE from NULL", SOL_SOCKET, SO_KEEPALIVE, NULL, 4);
    SET("IP_TOS with 1 byte", IPPROTO_IP, IP_TOS, &minus, 1);
    SET("IP_TTL 0", IPPROTO_IP, IP_TTL, &zero, 4);
    SET("IP_TTL 100000", IPPROTO_IP, IP_TTL, &big, 4);
    SET("IP_TTL -1", IPPROTO_IP, IP_TTL, &minus, 4);
    SET("TCP_KEEPIDLE 0", IPPROTO_TCP, TCP_KEEPIDLE, &zero, 4);
    SET("TCP_KEEPIDLE 100000", IPPROTO_TCP, TCP_KEEPIDLE, &big, 4);
    SET("TCP_KEEPINTVL -1", IPPROTO_TCP, TCP_KEEPINTVL, &minus, 4);
    SET("TCP_KEEPCNT 100000", IPPROTO_TCP, TCP_KEEPCNT, &big, 4);
    SET("TCP_SYNCNT 0", IPPROTO_TCP, TCP_SYNCNT, &zero, 4);
    SET("TCP_USER_TIMEOUT -1", IPPROTO_TCP, TCP_USER_TIMEOUT, &minus, 4);
    SET("TCP_MAXSEG 1", IPPROTO_TCP, TCP_MAXSEG, &(int){1}, 4);
    SET("TCP_CONGESTION nonsense", IPPROTO_TCP, TCP_CONGESTION, "nonsense", 8);
    SET("TCP_CONGESTION empty", IPPROTO_TCP, TCP_CONGESTION, "", 0);
    SET("TCP_INFO", IPPROTO_TCP, TCP_INFO, space, sizeof space);
    SET("SO_TYPE", SOL_SOCKET, SO_TYPE, &zero, 4);
    SET("SO_ERROR", SOL_SOCKET, SO_ERROR, &zero, 4);
    SET("SO_DOMAIN", SOL_SOCKET, SO_DOMAIN, &zero, 4);
    SET("SO_PROTOCOL", SOL_SOCKET, SO_PROTOCOL, &zero, 4);
    SET("SO_ACCEPTCONN", SOL_SOCKET, SO_ACCEPTCONN, &zero, 4);
    SET("SO_LINGER with 4 bytes", SOL_SOCKET, SO_LINGER, &zero, 4);
    SET("SO_RCVTIMEO with 4 bytes", SOL_SOCKET, SO_RCVTIMEO, &zero, 4);
    SET("SO_RCVTIMEO with a million microseconds", SOL_SOCKET, SO_RCVTIMEO, &((struct timeval){0, 1000000}),
        sizeof(struct timeval));
    SET("an unknown TCP option", IPPROTO_TCP, 9999, &big, 4);
    SET("an unknown socket option", SOL_SOCKET, 9999, &big, 4);
    SET("an unknown IP option", IPPROTO_IP, 9999, &big, 4);
    SET("an unknown level", 9999, 1, &big, 4);
    SET("an IPv6 option on IPv4", IPPROTO_IPV6, IPV6_V6ONLY, &big, 4);
    SET("a UDP option on TCP", IPPROTO_UDP, 1, &big, 4);
    GET("an unknown TCP option", IPPROTO_TCP, 9999);
    GET("an unknown socket option", SOL_SOCKET, 9999);
    GET("an unknown IP option", IPPROTO_IP, 9999);
    GET("an unknown level", 9999, 1);
    GET("an IPv6 option on IPv4", IPPROTO_IPV6, IPV6_V6ONLY);
    GET("a UDP option on TCP", IPPROTO_UDP, 1);
}

static void structures(const char *where, int fd) {
    char text[120];
    struct linger linger = {1, 7};
    struct timeval time = {3, 250000};
    socklen_t length = sizeof linger;
#define NAME(name) (snprintf(text, sizeof text, "%s: " name, where), text)
    fact_call(NAME("set SO_LINGER"), setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    linger = (struct linger){-1, -1};
    CHECK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, &length));
    fact(NAME("SO_LINGER"), "%d %d, length %u", linger.l_onoff, linger.l_linger, length);
    linger = (struct linger){0, 0};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
    static const int timeouts[] = {SO_RCVTIMEO, SO_SNDTIMEO};
    for (int i = 0; i < 2; i++) {
        time = (struct timeval){3, 250000};
        fact_call(NAME("set a timeout"), setsockopt(fd, SOL_SOCKET, timeouts[i], &time, sizeof time));
        length = sizeof time;
        CHECK(getsockopt(fd, SOL_SOCKET, timeouts[i], &time, &length));
        fact(NAME("timeout"), "%ld s %ld us, length %u", (long)time.tv_sec, (long)time.tv_usec, length);
    }
    char name[16] = "";
    fact_call(NAME("set TCP_CONGESTION"), setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
    length = sizeof name;
    CHECK(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &length));
    fact(NAME("TCP_CONGESTION"), "%.16s, length %u", name, length);
    struct tcp_info info;
    memset(&info, 0xff, sizeof info);
    length = sizeof info;
    fact_call(NAME("get TCP_INFO"), getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
    fact(NAME("TCP_INFO state"), "%d, length %u", info.tcpi_state, length);
    fact_yes(NAME("TCP_INFO has a round trip time"), info.tcpi_state != TCP_ESTABLISHED || info.tcpi_rtt < 10000000);
    length = 8;
    fact_call(NAME("get 8 bytes of TCP_INFO"), getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length));
    fact(NAME("length of 8 bytes of TCP_INFO"), "%u", length);
    int segment = 0;
    length = sizeof segment;
    fact_call(NAME("get TCP_MAXSEG"), getsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &segment, &length));
    fact_yes(NAME("TCP_MAXSEG is usable"), segment >= 88 && segment <= 65535);
    fact(NAME("type, domain, protocol"), "%d %d %d", get_option(fd, SOL_SOCKET, SO_TYPE),
         get_option(fd, SOL_SOCKET, SO_DOMAIN), get_option(fd, SOL_SOCKET, SO_PROTOCOL));
    fact(NAME("listening, error"), "%d %d", get_option(fd, SOL_SOCKET, SO_ACCEPTCONN),
         get_option(fd, SOL_SOCKET, SO_ERROR));
}

static void identity(const char *name, int family, int type, int protocol) {
    char text[80];
    int fd = CHECK(socket(family, type, protocol));
    address at = ip(family == AF_INET ? "127.0.0.1" : "::1", 0);
    for (int redirected = 0; redirected < 2; redirected++) {
        if (redirected)
            CHECK(bind(fd, &at.any, at.length));
        snprintf(text, sizeof text, "%s, %s", name, redirected ? "bound" : "fresh");
        fact(text, "type %d, domain %d, protocol %d, listening %d", get_option(fd, SOL_SOCKET, SO_TYPE),
             get_option(fd, SOL_SOCKET, SO_DOMAIN), get_option(fd, SOL_SOCKET, SO_PROTOCOL),
             get_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
    }
    close(fd);
}

int main(void) {
    probe_start();
    int server = listening("127.0.0.1", 0), client = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL)), fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    structures("fresh", fresh);
    structures("listener", server);
    structures("client", client);
    structures("accepted", peer);
    lengths("fresh", fresh);
    lengths("client", client);
    nonsense("fresh", fresh);
    nonsense("client", client);
    identity("TCP", AF_INET, SOCK_STREAM, 0);
    identity("TCP by name", AF_INET, SOCK_STREAM, IPPROTO_TCP);
    identity("UDP", AF_INET, SOCK_DGRAM, 0);
    identity("TCP over IPv6", AF_INET6, SOCK_STREAM, 0);
    identity("UDP over IPv6", AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
    return 0;
}
