/* No ephemeral port is left: the result of each call, and that it comes soon. */
#include "probe.h"

#include <sys/resource.h>

#define RANGE "40000\t40299\n"
#define PORTS 300

static int taken[2 * PORTS];

static void take_all(int type) {
    for (int i = 0; i < PORTS; i++) {
        address any = ip("0.0.0.0", 40000 + i);
        taken[i] = CHECK(socket(AF_INET, type, 0));
        CHECK(bind(taken[i], &any.any, any.length));
    }
}

static void give_all(void) {
    for (int i = 0; i < PORTS; i++)
        close(taken[i]);
}

/* In seconds of the processor's, and in sleeps: a machine with a load does not change these. */
struct cost {
    double processor;
    long sleeps;
};

static struct cost cost_so_far(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage));
    long microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return (struct cost){(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)microseconds / 1e6,
                         usage.ru_nvcsw};
}

static void fact_at_once(const char *name, struct cost before) {
    struct cost after = cost_so_far();
    fact_yes(name, after.processor - before.processor < 1 && after.sleeps - before.sleeps < 100);
}

static int bind_any(int fd, const char *host) {
    address any = ip(host, 0);
    return bind(fd, &any.any, any.length);
}

static void datagrams(void) {
    address nobody = ip("127.0.0.1", 9), server = ip("127.0.0.1", 40000);
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_name = &server.any, .msg_namelen = server.length, .msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr one = {.msg_hdr = message};
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    fact_call("UDP, sendto", sendto(fd, "x", 1, 0, &server.any, server.length));
    fact_call("UDP, sendto nobody", sendto(fd, "x", 1, 0, &nobody.any, nobody.length));
    fact_call("UDP, sendmsg", sendmsg(fd, &message, 0));
    fact_call("UDP, sendmmsg", sendmmsg(fd, &one, 1, 0));
    fact_call("UDP, connect", connect(fd, &server.any, server.length));
    fact_call("UDP, connect to nobody", connect(fd, &nobody.any, nobody.length));
    fact_call("UDP, bind", bind_any(fd, "127.0.0.1"));
    fact_call("UDP, bind to all", bind_any(fd, "0.0.0.0"));
    close(fd);
    fd = CHECK(socket(AF_INET6, SOCK_DGRAM, 0));
    fact_call("UDP, IPv6, bind", bind_any(fd, "::"));
    fact_call("UDP, IPv6, connect", connect_to(fd, "::ffff:127.0.0.1", 40000));
    close(fd);
    close(taken[7]);
    fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    fact_call("UDP, one is free", sendto(fd, "x", 1, 0, &server.any, server.length));
    fact("UDP, its port", "%d", own_port(fd));
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    fact_call("UDP, bind the free one", bind_any(fd, "127.0.0.1"));
    fact("UDP, its port", "%d", own_port(fd));
    close(fd);
    taken[7] = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
}

static void streams(void) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("TCP, bind", bind_any(fd, "127.0.0.1"));
    fact_call("TCP, bind to all", bind_any(fd, "0.0.0.0"));
    fact_call("TCP, listen", listen(fd, 1));
    close(fd);
    fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    fact_call("TCP, IPv6, bind", bind_any(fd, "::"));
    fact_call("TCP, IPv6 alone, bind", bind_any(fd, "::1"));
    close(fd);
    close(taken[7]);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("TCP, bind the free one", bind_any(fd, "127.0.0.1"));
    fact("TCP, its port", "%d", own_port(fd));
    close(fd);
    taken[7] = CHECK(socket(AF_INET, SOCK_STREAM, 0));
}

/* Those on other addresses take nothing. */
static void elsewhere(void) {
    for (int i = 0; i < PORTS; i++) {
        address at = ip("127.0.0.2", 40000 + i);
        taken[i] = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        CHECK(bind(taken[i], &at.any, at.length));
    }
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("TCP, all are on another address", bind_any(fd, "127.0.0.1"));
    close(fd);
    give_all();
}

int main(void) {
    probe_start();
    int range = CHECK(open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY));
    CHECK(write(range, RANGE, sizeof RANGE - 1));
    close(range);
    take_all(SOCK_DGRAM);
    struct cost start = cost_so_far();
    datagrams();
    fact_at_once("UDP, at once", start);
    give_all();
    take_all(SOCK_STREAM);
    start = cost_so_far();
    streams();
    fact_at_once("TCP, at once", start);
    give_all();
    elsewhere();
}
