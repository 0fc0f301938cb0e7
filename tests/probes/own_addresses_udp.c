/* One port on several addresses, over datagrams. */
#include "own_addresses.h"

static const int own_type = SOCK_DGRAM;

/* Answers each datagram with its own address, as the packet's control data tell it, and the sender's. */
static void serve(int fd, const char *text, int flags, int stop) {
    address own = name_of(fd);
    (void)flags;
    for (;;) {
        char line[200];
        address peer = unwritten();
        struct pollfd waiting[2] = {{stop, POLLIN, 0}, {fd, POLLIN, 0}};
        CHECK(poll(waiting, 2, -1));
        if (waiting[0].revents != 0)
            return;
        CHECK(recvfrom(fd, line, sizeof line, 0, &peer.any, &peer.length));
        int length = snprintf(line, sizeof line, "%s as %s from port %d", text, ip_text(&own), port_of(&peer));
        CHECK(sendto(fd, line, (size_t)length, 0, &peer.any, peer.length));
    }
}

static bool answer(int fd, char *line, size_t size, address *from) {
    if (ready(fd, POLLIN, 2000) == 0)
        die("no answer");
    *from = unwritten();
    ssize_t count = recvfrom(fd, line, size - 1, 0, &from->any, &from->length);
    line[count < 0 ? 0 : count] = '\0';
    return count >= 0;
}

/*
 * From a socket that is not connected, and from one that is. A server on the wildcard answers from the address by which
 * its host leaves, whichever was asked: who is connected to another one does not hear it over UDP.
 */
static void ask(const char *name, const char *text, int port) {
    address to = ip(text, port);
    bool elsewhere = strcmp(text, "127.0.0.77") == 0;
    for (int connects = 0; connects < 2 - elsewhere; connects++) {
        char line[200], whole[300];
        address from;
        int fd = CHECK(socket(to.any.sa_family, SOCK_DGRAM, 0));
        if (connects)
            CHECK(connect(fd, &to.any, to.length));
        snprintf(whole, sizeof whole, "%s: %s%s", name, text, connects ? ", connected" : "");
        CHECK(connects ? send(fd, "?", 1, 0) : sendto(fd, "?", 1, 0, &to.any, to.length));
        bool came = answer(fd, line, sizeof line, &from);
        char *port_text = strstr(line, " from port ");
        bool same = port_text != NULL && atoi(port_text + 11) == own_port(fd);
        if (port_text != NULL)
            *port_text = '\0';
        fact(whole, "%s, from where it was asked: %s, ports %s", came ? line : errno_name(errno),
             elsewhere || same_address(&from, &to) ? "yes" : "no", same ? "right" : "wrong");
        close(fd);
    }
}

static bool reaches(const char *text, int port) {
    char line[200];
    address to = ip(text, port), from;
    int fd = CHECK(socket(to.any.sa_family, SOCK_DGRAM, 0));
    CHECK(sendto(fd, "?", 1, 0, &to.any, to.length));
    size_t length = strlen(text);
    bool right = answer(fd, line, sizeof line, &from) && strncmp(line, text, length) == 0 && line[length] == ' ';
    close(fd);
    return right && same_address(&from, &to);
}

/* One socket asks all, and then hears all: each answer comes from the address that was asked. */
static void one_client(void) {
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
    struct server servers[3];
    char line[200], name[100];
    int port = free_port(SOCK_DGRAM), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    for (int i = 0; i < 3; i++)
        servers[i] = start(addresses[i], port, 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++) {
            address to = ip(addresses[i], port);
            CHECK(sendto(fd, "?", 1, 0, &to.any, to.length));
        }
        int right = 0;
        for (int i = 0; i < 3; i++) {
            address from;
            answer(fd, line, sizeof line, &from);
            size_t length = strlen(ip_text(&from));
            right += strncmp(line, ip_text(&from), length) == 0 && line[length] == ' ';
        }
        snprintf(name, sizeof name, "one client asks all, round %d: answers from their own addresses", round);
        fact(name, "%d", right);
    }
    close(fd);
    for (int i = 0; i < 3; i++)
        stop(&servers[i], false);
}

/* Two that are bound to one port, and connected to each other. */
static void peers(void) {
    int port = free_port(SOCK_DGRAM);
    int first = bound("127.0.0.1", port, SOCK_DGRAM), second = bound("127.0.0.2", port, SOCK_DGRAM);
    char byte;
    fact_call("peers: first connects", connect_to(first, "127.0.0.2", port));
    fact_call("peers: second connects", connect_to(second, "127.0.0.1", port));
    send_byte(first);
    send_byte(second);
    fact_yes("peers: first hears", ready(first, POLLIN, 2000) != 0 && read(first, &byte, 1) == 1);
    fact_yes("peers: second hears", ready(second, POLLIN, 2000) != 0 && read(second, &byte, 1) == 1);
    address peer = peer_of(first);
    fact("peers: first's peer", "%s", ip_text(&peer));
    close(first);
    int third = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address at = ip("127.0.0.2", port);
    fact_call("peers: the second's address is taken", bind(third, &at.any, at.length));
    at = ip("127.0.0.1", port);
    fact_call("peers: the first's is free", bind(third, &at.any, at.length));
    close(third);
    close(second);
}

/*
 * A server with a socket for each family's wildcard, that for IPv6 first: clients of both are answered, from where they
 * asked.
 */
static void both_wildcards(void) {
    static const char *const asked[] = {"127.0.0.1", "::1"};
    int port = free_port(SOCK_DGRAM), sockets[2] = {CHECK(socket(AF_INET6, SOCK_DGRAM, 0)), -1};
    address any = ip("::", port);
    CHECK(set_option(sockets[0], IPPROTO_IPV6, IPV6_V6ONLY, 1));
    CHECK(bind(sockets[0], &any.any, any.length));
    sockets[1] = bound("0.0.0.0", port, SOCK_DGRAM);
    for (int i = 0; i < 2; i++) {
        char byte, line[10], name[60];
        address to = ip(asked[i], port), peer = unwritten(), from;
        int client = CHECK(socket(to.any.sa_family, SOCK_DGRAM, 0));
        CHECK(sendto(client, "?", 1, 0, &to.any, to.length));
        struct pollfd waiting[2] = {{sockets[0], POLLIN, 0}, {sockets[1], POLLIN, 0}};
        CHECK(poll(waiting, 2, 10000));
        int heard = sockets[waiting[1].revents != 0];
        CHECK(recvfrom(heard, &byte, 1, 0, &peer.any, &peer.length));
        snprintf(name, sizeof name, "both wildcards: %s is answered", asked[i]);
        fact_call(name, sendto(heard, "!", 1, 0, &peer.any, peer.length) == 1 ? 0 : -1);
        snprintf(name, sizeof name, "both wildcards: %s hears from where it asked", asked[i]);
        fact_yes(name, answer(client, line, sizeof line, &from) && same_address(&from, &to));
        close(client);
    }
    close(sockets[0]);
    close(sockets[1]);
}

int main(void) {
    probe_start();
    tell_all();
    one_client();
    peers();
    both_wildcards();
    return 0;
}
