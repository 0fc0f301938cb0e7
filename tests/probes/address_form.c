/* IPV6_ADDRFORM: an IPv6 socket that is connected to an IPv4 address becomes an IPv4 one. */
#include "probe.h"

static void fact_form(const char *what, int fd) {
    address own = unwritten(), peer = unwritten();
    fact(what, "domain %d", get_option(fd, SOL_SOCKET, SO_DOMAIN));
    if (fact_call(what, getsockname(fd, &own.any, &own.length)))
        fact(what, "%s in %u bytes", ip_text(&own), (unsigned)own.length);
    if (fact_call(what, getpeername(fd, &peer.any, &peer.length)))
        fact(what, "%s in %u bytes", ip_text(&peer), (unsigned)peer.length);
    int value;
    socklen_t length = sizeof value;
    fact_call(what, getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, &length));
    fact(what, "IP_TTL %d", get_option(fd, IPPROTO_IP, IP_TTL));
}

static void become(const char *what, int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    short little = AF_INET;
    fact_call(what, getsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &value, &length));
    fact(what, "form %d", value);
    fact_call(what, setsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &little, sizeof little));
    fact_call(what, set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET6));
    fact_call(what, set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, 0));
    fact_form(what, fd);
    fact_call(what, set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
    fact_form(what, fd);
    fact_call(what, set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
    fact_call(what, getsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &value, &length));
}

static int v6(int type) {
    return CHECK(socket(AF_INET6, type, 0));
}

int main(void) {
    char data[8];
    probe_start();
    int server = listening("127.0.0.1", 0), port = own_port(server), fd = v6(SOCK_STREAM);
    become("new stream", fd);
    CHECK(connect_to(fd, "::ffff:127.0.0.1", port));
    int peer = CHECK(accept(server, NULL, NULL));
    CHECK(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
    become("mapped stream", fd);
    fact("TCP_NODELAY", "%d", get_option(fd, IPPROTO_TCP, TCP_NODELAY));
    CHECK(send(fd, "x", 1, 0));
    fact_number("its data", read(peer, data, sizeof data));
    int copy = CHECK(dup(fd));
    fact_form("a duplicate", copy);
    close(copy);
    become("IPv4 stream", peer);
    close(fd);
    close(peer);
    close(server);
    server = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    address any = ip("::", 0);
    CHECK(bind(server, &any.any, any.length));
    CHECK(listen(server, 1));
    become("listener", server);
    fd = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    become("accepted from IPv4", peer);
    close(fd);
    close(peer);
    fd = connected("::1", own_port(server));
    become("IPv6 stream", fd);
    close(fd);
    close(server);
    server = bound("127.0.0.1", 0, SOCK_DGRAM);
    fd = v6(SOCK_DGRAM);
    become("new datagrams", fd);
    CHECK(connect_to(fd, "::ffff:127.0.0.1", own_port(server)));
    become("mapped datagrams", fd);
    CHECK(send(fd, "x", 1, 0));
    address from = unwritten(), own = name_of(fd);
    fact_number("its datagram", recvfrom(server, data, sizeof data, 0, &from.any, &from.length));
    fact_yes("comes from it", same_address(&from, &own));
    CHECK(sendto(server, "ab", 2, 0, &from.any, from.length));
    fact_number("the answer", recvfrom(fd, data, sizeof data, 0, &from.any, &from.length));
    fact("from", "%s in %u bytes", ip_text(&from), (unsigned)from.length);
    close(fd);
    close(server);
}
