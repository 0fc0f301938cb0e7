/* Options are read back by a descriptor's duplicates too. */
#include "probe.h"

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
    CHECK(sendto(copy, "x", 1, 0, &to.any, to.length));
    for (int i = 0; i < 2; i++)
        fact(i ? "datagram, duplicate" : "datagram, first", "IP_TTL %d, IP_TOS %d",
             get_option(i ? copy : fd, IPPROTO_IP, IP_TTL), get_option(i ? copy : fd, IPPROTO_IP, IP_TOS));
    close(fd);
    close(copy);
    close(server);
}

int main(void) {
    probe_start();
    duplicates();
    return 0;
}
