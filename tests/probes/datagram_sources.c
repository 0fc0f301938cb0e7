/* A socket bound to the wildcard of both families sends from an address of the family that it sends to. */
#include "probe.h"

static int both_families(const char *text, int port) {
    int off = 0, fd = CHECK(socket(AF_INET6, SOCK_DGRAM, 0));
    address at = ip(text, port);
    CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off));
    CHECK(bind(fd, &at.any, at.length));
    return fd;
}

static void show(const char *name, const address *who) {
    char text[64];
    CHECK(inet_ntop(AF_INET6, &who->v6.sin6_addr, text, sizeof text) != NULL ? 0 : -1);
    fact(name, "%s", text);
}

static address receive(const char *name, int fd, const char *what) {
    address from = unwritten();
    char data[16] = "", label[96];
    if (ready(fd, POLLIN, 5000) == 0)
        die("no datagram");
    CHECK(recvfrom(fd, data, sizeof data - 1, 0, &from.any, &from.length));
    snprintf(label, sizeof label, "%s: %s comes", name, what);
    fact_yes(label, strcmp(data, what) == 0);
    snprintf(label, sizeof label, "%s: %s from", name, what);
    show(label, &from);
    return from;
}

static void ask(const char *name, const char *target, bool connected, bool waiting) {
    int server = both_families("::", 0), client = both_families("::", 0);
    address to = ip(target, own_port(server)), back = ip("::1", own_port(client)), own = unwritten();
    char label[96];
    if (waiting)
        CHECK(sendto(server, "early", 5, 0, &back.any, back.length));
    if (connected) {
        CHECK(connect(client, &to.any, to.length));
        CHECK(send(client, "question", 8, 0));
    } else {
        CHECK(sendto(client, "question", 8, 0, &to.any, to.length));
    }
    address from = receive(name, server, "question");
    fact_yes("from the client's port", from.v6.sin6_port == back.v6.sin6_port);
    CHECK(sendto(server, "answer", 6, 0, &from.any, from.length));
    if (waiting)
        receive(name, client, "early");
    receive(name, client, "answer");
    CHECK(getsockname(client, &own.any, &own.length));
    snprintf(label, sizeof label, "%s: own address", name);
    show(label, &own);
    fact_yes("own port", own.v6.sin6_port == back.v6.sin6_port);
    close(client), close(server);
}

static void servers_first(void) {
    int server = both_families("::", 0), client = both_families("::", 0);
    address to = ip("::1", own_port(client));
    CHECK(sendto(server, "news", 4, 0, &to.any, to.length));
    address from = receive("a server that writes first", client, "news");
    CHECK(sendto(client, "reply", 5, 0, &from.any, from.length));
    receive("a server that writes first", server, "reply");
    close(client), close(server);
}

/* A client that has connected to a socket stays connected, wherever that socket sends. */
static void connected_to(void) {
    int client = both_families("::", 0), server = both_families("::", 0), peer = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address mine = ip("127.0.0.1", own_port(client)), to = ip("::ffff:127.0.0.1", own_port(server));
    char data[16];
    CHECK(connect(peer, &mine.any, mine.length));
    CHECK(sendto(client, "question", 8, 0, &to.any, to.length));
    if (ready(server, POLLIN, 5000) == 0)
        die("no question");
    fact_call("send by one who had connected", send(peer, "x", 1, 0));
    fact_call("received", ready(client, POLLIN, 5000) == 0 ? -1 : recv(client, data, sizeof data, 0));
    address back = ip("::ffff:127.0.0.1", own_port(peer));
    fact_call("answer", sendto(client, "y", 1, 0, &back.any, back.length));
    fact_call("answer received", ready(peer, POLLIN, 5000) == 0 ? -1 : recv(peer, data, sizeof data, 0));
    close(client), close(server), close(peer);
}

int main(void) {
    probe_start();
    connected_to();
    ask("sendto, IPv4", "::ffff:127.0.0.1", false, false);
    ask("sendto, IPv6", "::1", false, false);
    ask("connect, IPv4", "::ffff:127.0.0.1", true, false);
    ask("connect, IPv6", "::1", true, false);
    ask("sendto, IPv6, a datagram waits", "::1", false, true);
    ask("sendto, IPv4, a datagram waits", "::ffff:127.0.0.1", false, true);
    servers_first();
    return 0;
}
