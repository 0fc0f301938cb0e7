/*
 * Options, and addresses, that choose the interface and port of outgoing traffic, on sockets that are born local and
 * then connect to an address that is not covered. The test covers 127.0.0.1 and not 127.0.0.2.
 */
#include "probe.h"

#include <linux/filter.h>
#include <stddef.h>

static int far;

/* A process that has only connected to covered addresses. */
static void train(void) {
    int server = listening("127.0.0.1", 0);
    for (int i = 0; i < 200; i++) {
        int client = connected("127.0.0.1", own_port(server));
        close(CHECK(accept(server, NULL, NULL)));
        close(client);
    }
    close(server);
}

static const char *device(int fd) {
    static char name[32];
    socklen_t length = sizeof name - 1;
    memset(name, 0, sizeof name);
    if (getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &length) < 0)
        return errno_name(errno);
    return name;
}

static int number(int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    return getsockopt(fd, level, option, &value, &length) < 0 ? -errno : value;
}

static void show(const char *story, int fd) {
    address own = name_of(fd);
    int port = port_of(&own), range = number(fd, IPPROTO_IP, 51);
    fact(story, "device '%s', index %d, IP_UNICAST_IF %d, IP_LOCAL_PORT_RANGE %x, port in it %d, SO_MARK %d",
         device(fd), number(fd, SOL_SOCKET, 62), number(fd, IPPROTO_IP, 50), (unsigned)range,
         port >= 20100 && port <= 20199, number(fd, SOL_SOCKET, SO_MARK));
}

static void set_some(const char *story, int fd, int which) {
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, 0xffffffff);
    struct sock_fprog program = {1, &all};
    if (which & 1)
        fact(story, "set SO_BINDTODEVICE %d", setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 2));
    if (which & 2)
        fact(story, "set SO_BINDTOIFINDEX %d", set_option(fd, SOL_SOCKET, 62, 1));
    if (which & 4)
        fact(story, "set IP_UNICAST_IF %d", set_option(fd, IPPROTO_IP, 50, (int)htonl(1)));
    if (which & 8)
        fact(story, "set IP_LOCAL_PORT_RANGE %d", set_option(fd, IPPROTO_IP, 51, (20199 << 16) | 20100));
    if (which & 16)
        fact(story, "set SO_ATTACH_FILTER %d", setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
    if (which & 32)
        fact(story, "set SO_MARK %d", set_option(fd, SOL_SOCKET, SO_MARK, 7));
}

/* `bound_first`: its file in the directory is given up for the connection. */
static void go_outside(const char *story, int which, bool bound_first) {
    address at = ip("127.0.0.1", 0);
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), copy = CHECK(dup(fd));
    if (bound_first)
        CHECK(bind(fd, &at.any, at.length));
    CHECK(set_option(copy, IPPROTO_TCP, TCP_KEEPIDLE, 33));
    set_some(story, copy, which);
    show(story, fd);
    CHECK(connect_to(fd, "127.0.0.2", own_port(far)));
    int peer = CHECK(accept(far, NULL, NULL));
    show(story, fd);
    socklen_t length = 0;
    fact(story, "filter of %d instructions",
         getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &length) == 0 ? (int)length : -errno);
    fact(story, "TCP_KEEPIDLE %d, duplicate '%s'", get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), device(copy));
    close(peer);
    close(copy);
    close(fd);
}

/* A datagram socket that was used inside and then sends outside. */
static void datagram_outside(const char *story, int which) {
    int near = bound("127.0.0.1", 0, SOCK_DGRAM), there = bound("127.0.0.2", 0, SOCK_DGRAM);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    set_some(story, fd, which & ~16);
    CHECK(set_option(fd, SOL_SOCKET, SO_SNDBUF, 5000));
    CHECK(connect_to(fd, "127.0.0.1", own_port(near)));
    show(story, fd);
    fact(story, "SO_SNDBUF %d", get_option(fd, SOL_SOCKET, SO_SNDBUF));
    CHECK(connect_to(fd, "127.0.0.2", own_port(there)));
    show(story, fd);
    fact(story, "SO_SNDBUF %d", get_option(fd, SOL_SOCKET, SO_SNDBUF));
    close(fd);
    close(near);
    close(there);
}

/* A datagram server on a port of its own answers inside, and then sends outside. */
static void server_outside(void) {
    int there = bound("127.0.0.2", 0, SOCK_DGRAM), fd = bound("127.0.0.1", free_port(SOCK_DGRAM), SOCK_DGRAM);
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(there), at = name_of(fd), from = unwritten();
    char data, space[CMSG_SPACE(sizeof(int))];
    struct iovec part = {&data, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    CHECK(sendto(client, "q", 1, 0, &at.any, at.length));
    CHECK(recvfrom(fd, &data, 1, 0, &from.any, &from.length));
    CHECK(set_option(there, IPPROTO_IP, IP_RECVTTL, 1));
    CHECK(set_option(fd, IPPROTO_IP, IP_TTL, 9));
    fact_call("server: to outside", sendto(fd, "o", 1, 0, &to.any, to.length));
    CHECK(recvmsg(there, &message, 0));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int ttl = -1;
    if (header)
        memcpy(&ttl, CMSG_DATA(header), sizeof ttl);
    fact("server: IP_TTL outside", "%d", ttl);
    close(client);
    close(fd);
    close(there);
}

/* A link-local address, which is one only with its interface. Nobody needs to have it who receives what goes to all. */
static void of_an_interface(int type, const char *text, uint32_t scope, socklen_t length) {
    char story[80];
    address at = ip(text, 0);
    at.v6.sin6_scope_id = scope;
    int fd = CHECK(socket(AF_INET6, type, 0));
    snprintf(story, sizeof story, "%s%%%u of %u bytes, %d", text, scope, length, type);
    fact_call(story, bind(fd, &at.any, length));
    address own = name_of(fd);
    fact(story, "at %s%%%u, index %d", ip_text(&own), own.v6.sin6_scope_id, number(fd, SOL_SOCKET, 62));
    close(fd);
}

int main(void) {
    static const socklen_t whole = sizeof(struct sockaddr_in6);
    probe_start();
    for (uint32_t scope = 0; scope < 2; scope++) {
        of_an_interface(SOCK_DGRAM, "ff02::fb", scope, whole);
        of_an_interface(SOCK_DGRAM, "ff02::fb", scope, offsetof(struct sockaddr_in6, sin6_scope_id));
        of_an_interface(SOCK_STREAM, "fe80::1", scope, whole);
    }
    far = listening("127.0.0.2", 0);
    static const int sets[] = {1, 2, 4, 8, 16, 32, 1 | 8 | 32, 4 | 8 | 16};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        char story[40];
        snprintf(story, sizeof story, "set %d", sets[i]);
        train();
        go_outside(story, sets[i], false);
        /* Filters are not copied from one socket to another. */
        if (!(sets[i] & (8 | 16)))
            go_outside(story, sets[i], true);
        datagram_outside(story, sets[i] & ~8);
    }
    server_outside();
    return 0;
}
