/*
 * Every option that can be read is set to the value that was read, as py-amqp does with a fresh connection: on a new, a
 * connected and an accepted socket.
 */
#include "probe.h"

static const struct {
    const char *name;
    int number;
} levels[] = {
    {"IPPROTO_TCP", IPPROTO_TCP},
    {"IPPROTO_UDP", IPPROTO_UDP},
    {"IPPROTO_IPV6", IPPROTO_IPV6},
    {"IPPROTO_IP", IPPROTO_IP},
    {"SOL_SOCKET", SOL_SOCKET}}; /* last: some of its options make the kernel forget the route, and so IP_MTU */

/* The levels' options end before this number. */
enum { OPTIONS_MOST = 100 };

static void set_back(const char *socket, int fd) {
    for (size_t level = 0; level < sizeof levels / sizeof *levels; level++)
        for (int option = 0; option < OPTIONS_MOST; option++) {
            unsigned char value[4096] = {0};
            socklen_t length = sizeof value;
            char name[100];
            /* Root may freeze a TCP connection and restore it elsewhere, but no Unix one. IPV6_MTU is the route's,
             * which TCP forgets when other options are set. address_form.c has IPV6_ADDRFORM. */
            bool repairs = levels[level].number == IPPROTO_TCP && option == TCP_REPAIR;
            bool six = levels[level].number == IPPROTO_IPV6 && (option == IPV6_MTU || option == IPV6_ADDRFORM);
            if (repairs || six || getsockopt(fd, levels[level].number, option, value, &length) < 0)
                continue;
            snprintf(name, sizeof name, "%s: %s %d set to what was read", socket, levels[level].name, option);
            int result = setsockopt(fd, levels[level].number, option, value, length);
            if (result == 0 || errno != ENOPROTOOPT) /* that cannot be set */
                fact_call(name, result);
        }
}

static void set_all_back(const char *name, const char *address, int type) {
    char text[80];
#define NAME(which) (snprintf(text, sizeof text, "%s, %s", name, which), text)
    int server = type == SOCK_STREAM ? listening(address, 0) : bound(address, 0, type);
    int new = CHECK(socket(ip(address, 0).any.sa_family, type, 0));
    set_back(NAME("new"), new);
    int client = CHECK(socket(ip(address, 0).any.sa_family, type, 0));
    CHECK(connect_to(client, address, own_port(server)));
    int accepted = type == SOCK_STREAM ? CHECK(accept(server, NULL, NULL)) : -1;
    set_back(NAME("connected"), client);
    set_back(NAME(type == SOCK_STREAM ? "listening" : "bound"), server);
    if (accepted >= 0)
        set_back(NAME("accepted"), accepted);
}

int main(void) {
    probe_start();
    set_all_back("TCP over IPv4", "127.0.0.1", SOCK_STREAM);
    set_all_back("TCP over IPv6", "::1", SOCK_STREAM);
    set_all_back("UDP over IPv4", "127.0.0.1", SOCK_DGRAM);
    set_all_back("UDP over IPv6", "::1", SOCK_DGRAM);
    return 0;
}
