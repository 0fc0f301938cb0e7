/*
 * IPv6: ::1, [::] with and without IPV6_V6ONLY, mapped addresses, each end seeing its own family, and which binds of
 * the same port are allowed beside each other in one process.
 */
#include "probe.h"

#include <netdb.h>

static void line(const char *prefix, const char *name, const char *value) {
    char text[120];
    snprintf(text, sizeof text, "%s: %s", prefix, name);
    fact(text, "%s", value);
}

static const char *yes(bool value) {
    return value ? "yes" : "no";
}

/* A listener on an IPv6 address; `v6only` of -1 leaves the option alone. */
static int listening6(const char *text, int port, int v6only) {
    address at = ip(text, port);
    int fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (v6only >= 0)
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only));
    CHECK(bind(fd, &at.any, at.length));
    CHECK(listen(fd, 8));
    return fd;
}

/* An IPv4 address told as the mapped one, so that both ends' views can be compared. */
static bool same_host(const address *a, const address *b) {
    address mapped[2] = {*a, *b};
    for (int i = 0; i < 2; i++) {
        if (mapped[i].any.sa_family != AF_INET)
            continue;
        char text[80];
        snprintf(text, sizeof text, "::ffff:%s", ip_text(&mapped[i]));
        mapped[i] = ip(text, port_of(&mapped[i]));
    }
    return same_address(&mapped[0], &mapped[1]);
}

/* Connects with a socket of `family` and prints what each end sees. */
static void views(const char *prefix, int server, int family, const char *to) {
    int fd = CHECK(socket(family, SOCK_STREAM, 0));
    int result = connect_to(fd, to, own_port(server));
    line(prefix, "connect", result == 0 ? "ok" : errno_name(errno));
    if (result == 0) {
        address seen = unwritten();
        int peer = CHECK(accept(server, &seen.any, &seen.length));
        address client = name_of(fd), remote = peer_of(fd), own = name_of(peer), again = peer_of(peer);
        line(prefix, "client is", ip_text(&client));
        line(prefix, "client's peer", ip_text(&remote));
        line(prefix, "server saw", ip_text(&seen));
        line(prefix, "accepted socket is", ip_text(&own));
        line(prefix, "both agree on the client", yes(same_host(&client, &seen) && same_address(&seen, &again)));
        line(prefix, "both agree on the server", yes(same_host(&remote, &own)));
        char text[80];
        snprintf(text, sizeof text, "lengths %u %u %u %u", client.length, remote.length, seen.length, own.length);
        line(prefix, "sizes", text);
        line(prefix, "scope and flow",
             seen.any.sa_family == AF_INET6 && (seen.v6.sin6_scope_id || seen.v6.sin6_flowinfo) ? "set" : "none");
        fact("accepted: SO_DOMAIN and V6ONLY", "%d %d", get_option(peer, SOL_SOCKET, SO_DOMAIN),
             family == AF_INET6 ? get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) : -1);
        close(peer);
    }
    close(fd);
}

static void servers(void) {
    int fd = listening6("::1", 0, -1);
    address name = name_of(fd);
    line("listener on ::1", "own address", ip_text(&name));
    views("::1 to ::1", fd, AF_INET6, "::1");
    close(fd);

    fd = listening6("::", 0, 0);
    name = name_of(fd);
    line("listener on ::", "own address", ip_text(&name));
    views("::1 to dual ::", fd, AF_INET6, "::1");
    views(":: to dual ::", fd, AF_INET6, "::");
    views("IPv4 to dual ::", fd, AF_INET, "127.0.0.1");
    views("mapped to dual ::", fd, AF_INET6, "::ffff:127.0.0.1");
    close(fd);

    fd = listening6("::", 0, 1);
    views("::1 to ::, V6ONLY", fd, AF_INET6, "::1");
    line("listener on ::, V6ONLY", "option", get_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) ? "set" : "clear");
    close(fd);

    fd = listening6("::ffff:127.0.0.1", 0, -1);
    name = name_of(fd);
    line("listener on a mapped address", "own address", ip_text(&name));
    views("IPv4 to mapped listener", fd, AF_INET, "127.0.0.1");
    views("mapped to mapped listener", fd, AF_INET6, "::ffff:127.0.0.1");
    close(fd);

    fd = listening("127.0.0.1", 0);
    views("mapped to IPv4 listener", fd, AF_INET6, "::ffff:127.0.0.1");
    close(fd);
    fd = listening("0.0.0.0", 0);
    views("mapped to IPv4 wildcard", fd, AF_INET6, "::ffff:127.0.0.2");
    close(fd);
}

static void option_errors(void) {
    int fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    CHECK(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    fact_call("V6ONLY: connect to a mapped address", connect_to(fd, "::ffff:127.0.0.1", free_port(SOCK_STREAM)));
    address at = ip("::ffff:127.0.0.1", 0);
    fact_call("V6ONLY: bind to a mapped address", bind(fd, &at.any, at.length));
    at = ip("::1", 0);
    fact_call("V6ONLY: bind to ::1", bind(fd, &at.any, at.length));
    fact_call("V6ONLY changed after bind", set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    at = ip("::1", 0);
    fact_call("IPv4 socket: bind to ::1", bind(fd, &at.any, at.length));
    fact_call("IPv4 socket: connect to ::1", connect_to(fd, "::1", 9));
    close(fd);
    fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    fact_call("IPv6 socket: connect to 127.0.0.1", connect_to(fd, "127.0.0.1", 9));
    at = ip("127.0.0.1", 0);
    fact_call("IPv6 socket: bind to 127.0.0.1", bind(fd, &at.any, at.length));
    at = ip("::1", 0);
    fact_call("IPv6 socket: bind with 24 bytes", bind(fd, &at.any, 24));
    fact_call("IPv6 socket: bind with 23 bytes", bind(fd, &at.any, 23));
    close(fd);
}

/* Binds `second` on the port of `first` in the same process; then listens on both. */
static void pair(const char *first, int first_v6only, const char *second, int second_v6only, bool reuse, int type) {
    char text[120];
    snprintf(text, sizeof text, "%s%s beside %s%s%s%s", second, second_v6only == 1 ? " V6ONLY" : "", first,
             first_v6only == 1 ? " V6ONLY" : "", reuse ? ", REUSEADDR" : "", type == SOCK_DGRAM ? ", datagram" : "");
    address at = ip(first, 0);
    int one = CHECK(socket(at.any.sa_family, type, 0));
    if (reuse)
        CHECK(set_option(one, SOL_SOCKET, SO_REUSEADDR, 1));
    if (first_v6only >= 0)
        CHECK(set_option(one, IPPROTO_IPV6, IPV6_V6ONLY, first_v6only));
    CHECK(bind(one, &at.any, at.length));
    if (type == SOCK_STREAM)
        CHECK(listen(one, 8));
    at = ip(second, own_port(one));
    int two = CHECK(socket(at.any.sa_family, type, 0));
    if (reuse)
        CHECK(set_option(two, SOL_SOCKET, SO_REUSEADDR, 1));
    if (second_v6only >= 0)
        CHECK(set_option(two, IPPROTO_IPV6, IPV6_V6ONLY, second_v6only));
    int result = bind(two, &at.any, at.length);
    if (result == 0 && type == SOCK_STREAM)
        result = listen(two, 8);
    fact_call(text, result);
    close(one);
    close(two);
}

static void double_binds(void) {
    pair("127.0.0.1", -1, "::1", -1, false, SOCK_STREAM);
    pair("127.0.0.1", -1, "::1", -1, true, SOCK_STREAM);
    pair("::1", -1, "127.0.0.1", -1, true, SOCK_STREAM);
    pair("0.0.0.0", -1, "::", 1, true, SOCK_STREAM);
    pair("::", 1, "0.0.0.0", -1, true, SOCK_STREAM);
    pair("127.0.0.1", -1, "127.0.0.2", -1, true, SOCK_STREAM);
    pair("127.0.0.1", -1, "127.0.0.1", -1, true, SOCK_STREAM);
    pair("::1", -1, "::1", -1, true, SOCK_STREAM);
    pair("0.0.0.0", -1, "::", 0, true, SOCK_STREAM);
    pair("::", 0, "0.0.0.0", -1, false, SOCK_STREAM);
    pair("0.0.0.0", -1, "127.0.0.1", -1, true, SOCK_STREAM);
    pair("127.0.0.1", -1, "0.0.0.0", -1, true, SOCK_STREAM);
    pair("::", 0, "127.0.0.1", -1, true, SOCK_STREAM);
    pair("::ffff:127.0.0.1", -1, "127.0.0.1", -1, true, SOCK_STREAM);
    pair("127.0.0.1", -1, "::1", -1, false, SOCK_DGRAM);
    pair("0.0.0.0", -1, "::", 1, false, SOCK_DGRAM);
    pair("0.0.0.0", -1, "::", 0, false, SOCK_DGRAM);
    pair("127.0.0.1", -1, "127.0.0.1", -1, false, SOCK_DGRAM);
}

/* `localhost` gives both families; a server on both is reached by each. */
static void resolved(void) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
                    *found;
    int port = free_port(SOCK_STREAM), servers[2];
    static const char *const hosts[] = {"127.0.0.1", "::1"};
    char service[16];
    snprintf(service, sizeof service, "%d", port);
    for (int i = 0; i < 2; i++) {
        if (getaddrinfo(hosts[i], service, &hints, &found) != 0)
            die("getaddrinfo");
        servers[i] = CHECK(socket(found->ai_family, found->ai_socktype, found->ai_protocol));
        CHECK(set_option(servers[i], SOL_SOCKET, SO_REUSEADDR, 1));
        CHECK(bind(servers[i], found->ai_addr, found->ai_addrlen));
        CHECK(listen(servers[i], 8));
        freeaddrinfo(found);
    }
    for (int i = 0; i < 2; i++) {
        int client = connected(hosts[i], port);
        struct pollfd waiting[2] = {{servers[0], POLLIN, 0}, {servers[1], POLLIN, 0}};
        fact("somebody has a connection", "%d", CHECK(poll(waiting, 2, 5000)));
        int peer = CHECK(accept(waiting[0].revents ? servers[0] : servers[1], NULL, NULL));
        address own = name_of(client), seen = peer_of(peer);
        fact_yes(i == 0 ? "127.0.0.1 arrived" : "::1 arrived", port_of(&own) == port_of(&seen));
        send_byte(peer);
        fact_yes("and is served", wait_byte(client));
        close(peer);
        close(client);
    }
}

static void datagrams(void) {
    int dual = CHECK(socket(AF_INET6, SOCK_DGRAM, 0));
    CHECK(set_option(dual, IPPROTO_IPV6, IPV6_V6ONLY, 0));
    address at = ip("::", 0);
    CHECK(bind(dual, &at.any, at.length));
    static const char *const targets[] = {"127.0.0.1", "::1", "::ffff:127.0.0.1"};
    for (int i = 0; i < 3; i++) {
        address to = ip(targets[i], own_port(dual)), from = unwritten(), back = unwritten();
        int fd = CHECK(socket(to.any.sa_family, SOCK_DGRAM, 0));
        char byte;
        CHECK(sendto(fd, "x", 1, 0, &to.any, to.length));
        CHECK(recvfrom(dual, &byte, 1, 0, &from.any, &from.length));
        line("datagram to dual ::", targets[i], ip_text(&from));
        CHECK(sendto(dual, "y", 1, 0, &from.any, from.length));
        CHECK(recvfrom(fd, &byte, 1, 0, &back.any, &back.length));
        line("answered", targets[i], ip_text(&back));
        line("answer is from where it was sent to", targets[i], yes(same_address(&back, &to)));
        close(fd);
    }
    close(dual);
}

int main(void) {
    probe_start();
    servers();
    option_errors();
    double_binds();
    resolved();
    datagrams();
    return 0;
}
