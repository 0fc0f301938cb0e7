/* IPV6_ADDRFORM: over TCP an IPv6 socket that is connected to an IPv4 address becomes an IPv4 one. */
#include "probe.h"

int main(void) {
    int value = 0, server, fd;
    socklen_t length = sizeof value;
    probe_start();
    server = listening("127.0.0.1", 0);
    fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    fact_call("set, unconnected", set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
    CHECK(connect_to(fd, "::ffff:127.0.0.1", own_port(server)));
    fact_call("get", getsockopt(fd, IPPROTO_IPV6, IPV6_ADDRFORM, &value, &length));
    fact_call("set", set_option(fd, IPPROTO_IPV6, IPV6_ADDRFORM, AF_INET));
    fact_number("sent", send(fd, "x", 1, 0));
    close(fd);
    close(server);
    return 0;
}
