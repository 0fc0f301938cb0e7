/* UDP: replies, connected and unconnected, sizes, peeking, disconnecting, and sends to a port without a socket. */
#include "probe.h"

#include <sys/uio.h>

static char big[100000];

static void line(const char *prefix, const char *name, bool value) {
    char text[120];
    snprintf(text, sizeof text, "%s: %s", prefix, name);
    fact_yes(text, value);
}

static long receive(int fd, address *from) {
    *from = unwritten();
    if (ready(fd, POLLIN, 5000) == 0)
        die("no datagram");
    return recvfrom(fd, big, sizeof big, MSG_DONTWAIT, &from->any, &from->length);
}

static void replies(const char *prefix, int client, const char *server_text) {
    int server = bound(server_text, 0, SOCK_DGRAM);
    address to = ip(strchr(server_text, ':') ? "::1" : "127.0.0.1", own_port(server)), from, again, back;
    CHECK(sendto(client, "request", 7, 0, &to.any, to.length));
    line(prefix, "request arrives", receive(server, &from) == 7 && memcmp(big, "request", 7) == 0);
    address own = name_of(client);
    line(prefix, "sender's port is the client's", port_of(&from) == own_port(client));
    char text[80];
    snprintf(text, sizeof text, "%s: sender's address", prefix);
    fact(text, "%s", ip_text(&from));
    snprintf(text, sizeof text, "%s: client's own address", prefix);
    fact(text, "%s", ip_text(&own));
    CHECK(sendto(server, "reply", 5, 0, &from.any, from.length));
    line(prefix, "reply arrives", receive(client, &back) == 5);
    line(prefix, "reply is from where the request went", same_address(&back, &to));
    CHECK(sendto(client, "", 0, 0, &to.any, to.length));
    line(prefix, "second request has the same sender", receive(server, &again) == 0 && same_address(&again, &from));
    CHECK(close(server));
}

/* A datagram for the wildcard address is for this machine. */
static void to_wildcard(const char *server_text, const char *client_text) {
    char prefix[80];
    bool six = strchr(server_text, ':') != NULL;
    int server = bound(server_text, 0, SOCK_DGRAM), type = SOCK_DGRAM;
    int client = client_text ? bound(client_text, 0, type) : CHECK(socket(six ? AF_INET6 : AF_INET, type, 0));
    address to = ip(six ? "::" : "0.0.0.0", own_port(server)), from;
    snprintf(prefix, sizeof prefix, "to the wildcard, %s, from %s", server_text, client_text ? client_text : "any");
    CHECK(sendto(client, "first", 5, 0, &to.any, to.length));
    line(prefix, "first arrives", ready(server, POLLIN, 2000) && receive(server, &from) == 5);
    CHECK(sendto(client, "next", 4, 0, &to.any, to.length));
    line(prefix, "next arrives", ready(server, POLLIN, 2000) && receive(server, &from) == 4);
    CHECK(connect(client, &to.any, to.length));
    address peer = peer_of(client);
    line(prefix, "connected to the server", strcmp(ip_text(&peer), server_text) == 0);
    close(client);
    close(server);
}

static void unconnected(void) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address name = name_of(fd);
    fact("fresh socket: own address", "%s port %d", ip_text(&name), port_of(&name));
    replies("unbound client", fd, "127.0.0.1");
    replies("same client, wildcard server", fd, "0.0.0.0");
    close(fd);
    replies("bound client", fd = bound("127.0.0.1", 0, SOCK_DGRAM), "127.0.0.1");
    close(fd);
    replies("client with a source address", fd = bound("127.0.0.5", 0, SOCK_DGRAM), "127.0.0.1");
    close(fd);
    replies("wildcard client", fd = bound("0.0.0.0", 0, SOCK_DGRAM), "127.0.0.1");
    close(fd);
    replies("IPv6 client", fd = CHECK(socket(AF_INET6, SOCK_DGRAM, 0)), "::1");
    close(fd);
    to_wildcard("127.0.0.1", NULL);
    to_wildcard("127.0.0.2", "127.0.0.2");
    to_wildcard("::1", NULL);
}

static void connected_client(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), stranger = bound("127.0.0.1", 0, SOCK_DGRAM);
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address from, peer = unwritten();
    fact_call("getpeername before connect", getpeername(client, &peer.any, &peer.length));
    fact_call("send before connect", send(client, "x", 1, 0));
    fact_call("connect", connect_to(client, "127.0.0.1", own_port(server)));
    address own = name_of(client), server_name = name_of(server), stranger_name = name_of(stranger);
    fact("connected: own address", "%s", ip_text(&own));
    line("connected", "own port is ephemeral", port_of(&own) >= 32768);
    peer = peer_of(client);
    line("connected", "peer is the server", same_address(&peer, &server_name));
    fact_number("send", send(client, "abc", 3, 0));
    fact_number("server receives", receive(server, &from));
    line("connected", "server sees the client's name", same_address(&from, &own));
    CHECK(sendto(stranger, "strange", 7, 0, &own.any, own.length));
    fact_yes("a stranger's datagram is filtered", ready(client, POLLIN, 50) == 0);
    CHECK(sendto(server, "defg", 4, 0, &from.any, from.length));
    fact_number("server's answer comes through", receive(client, &from));
    line("connected", "answer is from the server", same_address(&from, &server_name));
    fact_number("sendto another while connected", sendto(client, "hi", 2, 0, &stranger_name.any, stranger_name.length));
    fact_number("the other receives", receive(stranger, &from));
    line("connected", "the other sees the client's name", same_address(&from, &own));
    CHECK(sendto(stranger, "reply", 5, 0, &from.any, from.length));
    fact_yes("the other's answer is filtered", ready(client, POLLIN, 50) == 0);
    fact_number("sendto NULL while connected", sendto(client, "hi", 2, 0, NULL, 0));
    fact_number("write while connected", write(client, "hiya", 4));
    fact_number("server receives", receive(server, &from));
    fact_number("server receives", receive(server, &from));

    fact_call("connected again, elsewhere", connect_to(client, "127.0.0.1", own_port(stranger)));
    own = name_of(client);
    fact_number("send goes there", send(client, "x", 1, 0));
    fact_number("the other receives", receive(stranger, &from));
    line("reconnected", "sender is the client's name", same_address(&from, &own));

    struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
    fact_call("disconnect", connect(client, &nowhere, sizeof nowhere));
    peer = unwritten();
    fact_call("getpeername after disconnect", getpeername(client, &peer.any, &peer.length));
    fact_call("send after disconnect", send(client, "x", 1, 0));
    CHECK(sendto(client, "again", 5, 0, &server_name.any, server_name.length));
    fact_number("server receives after disconnect", receive(server, &from));
    CHECK(sendto(server, "yes", 3, 0, &from.any, from.length));
    fact_number("client receives after disconnect", receive(client, &from));
    fact_call("connect after disconnect", connect_to(client, "127.0.0.1", own_port(server)));
    fact_number("send after connect", send(client, "abc", 3, 0));
    fact_number("server receives", receive(server, &from));
    own = name_of(client);
    line("after reconnect", "server sees the client's name", same_address(&from, &own));
    close(client);
    close(stranger);
    close(server);
}

/* A server that connects to the client that it heard from, as TFTP and DTLS servers do. */
static void connected_server(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = bound("127.0.0.1", 0, SOCK_DGRAM);
    address to = name_of(server), from;
    CHECK(sendto(client, "a", 1, 0, &to.any, to.length));
    CHECK(receive(server, &from));
    fact_call("server connects to its client", connect(server, &from.any, from.length));
    address own = name_of(server);
    line("connected server", "keeps its name", same_address(&own, &to));
    fact_number("connected server sends", send(server, "bc", 2, 0));
    fact_number("its client receives", receive(client, &from));
    line("connected server", "sender is the server's name", same_address(&from, &to));
    CHECK(sendto(client, "def", 3, 0, &to.any, to.length));
    fact_number("connected server receives", receive(server, &from));
    close(server);
    close(client);
}

/* A datagram that UDP has no room for fails by every call. */
static void sizes_of_connected(const char *name, int family, const char *server_address, const char *client_address) {
    int server = bound(server_address, 0, SOCK_DGRAM), client = CHECK(socket(family, SOCK_DGRAM, 0));
    CHECK(connect_to(client, client_address, own_port(server)));
    static const long lengths[] = {65507, 65508, 65527, 65528, 100000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct iovec parts[] = {{big, 1000}, {big, (size_t)lengths[i] - 1000}};
        struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
        char text[80];
#define NAME(call) (snprintf(text, sizeof text, "%s: " call " %ld bytes", name, lengths[i]), text)
        fact_number(NAME("send"), send(client, big, (size_t)lengths[i], MSG_DONTWAIT));
        fact_number(NAME("write"), write(client, big, (size_t)lengths[i]));
        fact_number(NAME("writev"), writev(client, parts, 2));
        fact_number(NAME("sendmsg"), sendmsg(client, &message, 0));
        while (recv(server, big, sizeof big, MSG_DONTWAIT) >= 0)
            ;
    }
    close(server);
    close(client);
}

static void sizes(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(server), from;
    static const long lengths[] = {0, 1, 1472, 9000, 60000, 65507, 65508, 66000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char text[60];
        memset(big, 'a' + (int)i, sizeof big);
        snprintf(text, sizeof text, "send %ld bytes", lengths[i]);
        if (fact_number(text, sendto(client, big, (size_t)lengths[i], 0, &to.any, to.length)) < 0)
            continue;
        memset(big, 0, sizeof big);
        snprintf(text, sizeof text, "receive %ld bytes", lengths[i]);
        long got = fact_number(text, receive(server, &from));
        if (got > 0)
            fact_yes("whole and unchanged", big[0] == 'a' + (int)i && big[got - 1] == 'a' + (int)i);
    }
    char small[4];
    CHECK(sendto(client, "0123456789", 10, 0, &to.any, to.length));
    if (ready(server, POLLIN, 5000) == 0)
        die("no datagram");
    fact_number("peek", recv(server, small, sizeof small, MSG_PEEK));
    fact_number("peek with MSG_TRUNC", recv(server, small, sizeof small, MSG_PEEK | MSG_TRUNC));
    fact_number("peek at nothing with MSG_TRUNC", recv(server, NULL, 0, MSG_PEEK | MSG_TRUNC));
    from = unwritten();
    fact_number("peek with an address", recvfrom(server, small, sizeof small, MSG_PEEK, &from.any, &from.length));
    line("peek", "sender's port is the client's", port_of(&from) == own_port(client));
    fact_number("receive with MSG_TRUNC", recv(server, small, sizeof small, MSG_TRUNC));
    fact_number("the rest is gone", recv(server, small, sizeof small, MSG_DONTWAIT));
    close(client);
    close(server);
}

static void to_nobody(void) {
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), port = free_port(SOCK_DGRAM);
    address nobody = ip("127.0.0.1", port);
    fact_number("send to nobody", sendto(client, "x", 1, 0, &nobody.any, nobody.length));
    fact_number("again", sendto(client, "x", 1, 0, &nobody.any, nobody.length));
    fact("error kept", "%s", errno_name(get_option(client, SOL_SOCKET, SO_ERROR)));
    char byte;
    fact_number("nothing to receive", recv(client, &byte, 1, MSG_DONTWAIT));
    fact_call("connect to nobody", connect_to(client, "127.0.0.1", port));
    int server = bound("127.0.0.1", port, SOCK_DGRAM);
    address from;
    fact_number("then somebody comes: sendto", sendto(client, "xy", 2, 0, NULL, 0));
    fact_number("and receives", receive(server, &from));
    fact_number("then somebody comes: send", send(client, "xyz", 3, 0));
    fact_number("and receives", receive(server, &from));
    /* A server that starts again on its port gets what its clients send after that. */
    close(server);
    server = bound("127.0.0.1", port, SOCK_DGRAM);
    fact_number("started again: sendto", sendto(client, "xy", 2, 0, NULL, 0));
    fact_number("and receives", receive(server, &from));
    fact_number("started again: send", send(client, "xyz", 3, 0));
    fact_number("and receives", receive(server, &from));
    struct timeval patience = {0, 50000};
    CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    fact_number("receive times out", recv(server, &byte, 1, 0));
    close(server);
    close(client);
}

static void refused_calls(void) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = ip("127.0.0.1", 0), other = ip("::1", 9);
    fact_call("sendto port 0", sendto(fd, "x", 1, 0, &to.any, to.length));
    fact_call("sendto IPv6 on IPv4", sendto(fd, "x", 1, 0, &other.any, other.length));
    fact_call("sendto with 8 bytes of address", sendto(fd, "x", 1, 0, &to.any, 8));
    fact_call("listen", listen(fd, 1));
    fact_call("accept", accept(fd, NULL, NULL));
    fact_call("shutdown unconnected", shutdown(fd, SHUT_RD));
    close(fd);
}

int main(void) {
    probe_start();
    unconnected();
    connected_client();
    connected_server();
    sizes();
    sizes_of_connected("IPv4", AF_INET, "127.0.0.1", "127.0.0.1");
    sizes_of_connected("IPv6", AF_INET6, "::1", "::1");
    sizes_of_connected("IPv6 to IPv4", AF_INET6, "127.0.0.1", "::ffff:127.0.0.1");
    to_nobody();
    refused_calls();
    return 0;
}
