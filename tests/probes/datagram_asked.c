/* A server on a wildcard gets the address that a client has sent to (IP_PKTINFO and its like). */
#include "probe.h"

#ifndef IPV6_RECVORIGDSTADDR
#define IPV6_RECVORIGDSTADDR 74
#endif

/* How a client comes to ask. */
enum { SENDS, CONNECTS, BINDS, WAYS };

static const char *const ways[WAYS] = {"sends", "connects", "is bound"};

static int asking(int family, int how) {
    address any = ip(family == AF_INET6 ? "::" : "0.0.0.0", 0);
    int fd = CHECK(socket(family, SOCK_DGRAM, 0));
    if (how == BINDS)
        CHECK(bind(fd, &any.any, any.length));
    return fd;
}

static void ask(int fd, int how, const address *to) {
    if (how == CONNECTS)
        CHECK(connect(fd, &to->any, to->length));
    CHECK(how == CONNECTS ? send(fd, "?", 1, 0) : sendto(fd, "?", 1, 0, &to->any, to->length));
}

/* Prints the addresses in the control data, by each call that gives them. */
static void told(const char *name, int server, bool by_recvmmsg) {
    char byte, control[512], text[200] = "";
    struct iovec part = {&byte, 1};
    struct mmsghdr one = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control}};
    one.msg_hdr.msg_controllen = sizeof control;
    if (ready(server, POLLIN, 5000) == 0)
        die("nothing came");
    CHECK(by_recvmmsg ? recvmmsg(server, &one, 1, 0, NULL) : recvmsg(server, &one.msg_hdr, 0));
    for (struct cmsghdr *each = CMSG_FIRSTHDR(&one.msg_hdr); each; each = CMSG_NXTHDR(&one.msg_hdr, each)) {
        address v4 = ip("0.0.0.0", 0), v6 = ip("::", 0), specific = v4;
        char *end = text + strlen(text);
        size_t room = sizeof text - strlen(text);
        if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(each), sizeof info);
            v4.v4.sin_addr = info.ipi_addr;
            specific.v4.sin_addr = info.ipi_spec_dst;
            snprintf(end, room, " at %s, from %s", ip_text(&v4), ip_text(&specific));
        } else if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(each), sizeof info);
            v6.v6.sin6_addr = info.ipi6_addr;
            snprintf(end, room, " at %s", ip_text(&v6));
        } else {
            address to;
            memcpy(&to, CMSG_DATA(each), each->cmsg_len - CMSG_LEN(0));
            bool right = port_of(&to) == own_port(server);
            snprintf(end, room, " to %s, port %s", ip_text(&to), right ? "right" : "wrong");
        }
    }
    fact(name, "%s", text + 1);
}

static int serving(const char *at) {
    int fd = bound(at, 0, SOCK_DGRAM);
    CHECK(set_option(fd, IPPROTO_IP, IP_PKTINFO, 1));
    CHECK(set_option(fd, IPPROTO_IP, IP_RECVORIGDSTADDR, 1));
    if (strchr(at, ':') != NULL) {
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1));
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_RECVORIGDSTADDR, 1));
    }
    return fd;
}

static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254"};

static void asked_at(const char *at, int family, int how) {
    char name[120], mapped[40];
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        int server = serving(at), client = asking(family, how);
        snprintf(mapped, sizeof mapped, "%s%s", family == AF_INET6 ? "::ffff:" : "", addresses[i]);
        address to = ip(mapped, own_port(server));
        snprintf(name, sizeof name, "%s: IPv%d client %s, %s", at, family == AF_INET6 ? 6 : 4, ways[how], mapped);
        ask(client, how, &to);
        told(name, server, i % 2 == 1);
        close(client);
        close(server);
    }
}

/* One socket asks at two addresses, and then one that is bound to a port at another. */
static void several(void) {
    int server = serving("0.0.0.0"), client = asking(AF_INET, SENDS);
    address first = ip("127.0.0.2", own_port(server)), second = ip("127.0.0.3", own_port(server));
    ask(client, SENDS, &first);
    told("one client asks at 127.0.0.2", server, false);
    ask(client, SENDS, &second);
    told("then it asks at 127.0.0.3", server, false);
    close(client);
    client = bound("127.0.0.1", 0, SOCK_DGRAM);
    ask(client, SENDS, &second);
    told("one with an address of its own asks at 127.0.0.3", server, false);
    close(client);
    close(server);
}

/* The address asked is neither in the sender's address, nor in the client's own. */
static void names(void) {
    int server = serving("0.0.0.0"), client = asking(AF_INET, CONNECTS);
    address to = ip("127.0.0.2", own_port(server)), from = unwritten();
    char byte;
    ask(client, CONNECTS, &to);
    CHECK(recvfrom(server, &byte, 1, 0, &from.any, &from.length));
    address own = name_of(client), peer = peer_of(client);
    fact("the sender", "%s, port %s", ip_text(&from), port_of(&from) == port_of(&own) ? "its own" : "another");
    fact("the client's own address", "%s", ip_text(&own));
    fact_yes("the client's peer is whom it asked", same_address(&peer, &to));
    close(client);
    close(server);
}

int main(void) {
    probe_start();
    for (int how = 0; how < WAYS; how++) {
        asked_at("0.0.0.0", AF_INET, how);
        asked_at("::", AF_INET, how);
        asked_at("::", AF_INET6, how);
    }
    several();
    names();
    return 0;
}
