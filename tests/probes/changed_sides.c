/*
 * Datagram sockets that connect to a covered address, to one that is not, and back, and their duplicates. The test
 * covers 127.0.0.1 and not 127.0.0.2.
 */
#include "probe.h"

#include <sys/uio.h>

static long tell_to(int fd, const char *host, int port) {
    address to = ip(host, port);
    return sendto(fd, "x", 1, MSG_NOSIGNAL, &to.any, to.length);
}

static void tell_names(const char *story, int fd) {
    address own = name_of(fd), peer = unwritten();
    long result = getpeername(fd, &peer.any, &peer.length);
    fact(story, "%s, port %s; peer %s", ip_text(&own), port_of(&own) != 0 ? "some" : "none",
         result < 0 ? errno_name(errno) : ip_text(&peer));
}

/* Disconnected, or outside, by one descriptor: so it is by the other. */
static void duplicates(void) {
    static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
    static const char *const bounds[] = {"not bound", "bound to any port", "bound to a port"};
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    const int ports[] = {-1, 0, free_port(SOCK_DGRAM)};
    int server = bound("127.0.0.1", 0, SOCK_DGRAM);
    for (int which = 0; which < 3; which++)
        for (int i = 0; i < 2; i++) {
            char story[80];
            int fd =
                ports[which] < 0 ? CHECK(socket(AF_INET, SOCK_DGRAM, 0)) : bound("0.0.0.0", ports[which], SOCK_DGRAM);
            int copy = CHECK(dup(fd));
            snprintf(story, sizeof story, "%s, %s", bounds[which], hosts[i]);
            CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
            tell_names(story, copy);
            CHECK(connect(fd, &none, sizeof none));
            tell_names(story, copy);
            CHECK(connect_to(fd, hosts[i], own_port(server)));
            tell_names(story, copy);
            CHECK(connect(copy, &none, sizeof none));
            tell_names(story, fd);
            close(fd);
            close(copy);
        }
    close(server);
}

/* Numbers that were duplicates, and are free again when the socket is exchanged. */
static void closed_duplicates(bool connects) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    int copies[4];
    address from = unwritten();
    char byte;
    for (int i = 0; i < 4; i++)
        copies[i] = CHECK(dup(fd));
    fact_number("asked before", recvfrom(fd, &byte, 1, MSG_DONTWAIT, &from.any, &from.length));
    for (int i = 0; i < 4; i++)
        close(copies[i]);
    CHECK(connects ? connect_to(fd, "127.0.0.1", own_port(server)) : tell_to(fd, "127.0.0.1", own_port(server)));
    fact("then there is", "%#x", (unsigned)ready(fd, POLLIN | POLLRDHUP, 0));
    close(fd);
    close(server);
}

/* By each call that sends without an address. Refused: an answer of that kind may come to any of them. */
static void without_address(const char *story, int fd) {
    static const char *const ways[] = {"send", "sendto", "sendmsg", "write", "writev"};
    struct iovec part = {"x", 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    for (int way = 0; way < 5; way++) {
        long result = way == 0   ? send(fd, "x", 1, 0)
                      : way == 1 ? sendto(fd, "x", 1, 0, NULL, 0)
                      : way == 2 ? sendmsg(fd, &message, 0)
                      : way == 3 ? write(fd, "x", 1)
                                 : writev(fd, &part, 1);
        fact(story, "%s: %s", ways[way], result == 1 || errno == ECONNREFUSED ? "sent, or refused" : errno_name(errno));
        get_option(fd, SOL_SOCKET, SO_ERROR);
    }
}

static int client_of(int server) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
    return fd;
}

/* Changes of the peer that UDP does not report to senders. */
static void peers(void) {
    int server = bound("127.0.0.1", 0, SOCK_DGRAM), first = client_of(server), second = client_of(server);
    CHECK(connect_to(server, "127.0.0.1", own_port(first)));
    without_address("the peer has connected to another", second);
    CHECK(shutdown(server, SHUT_RD));
    without_address("the peer does not read", first);
    without_address("nor from others", second);
    CHECK(shutdown(second, SHUT_WR));
    without_address("this side does not write", second);
    close(server);
    close(first);
    close(second);
}

/* A server that has heard a client, and sends outside by a duplicate, still hears the client. */
static void serves_on(void) {
    address at = ip("127.0.0.1", free_port(SOCK_DGRAM)), from = unwritten();
    int server = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), copy = CHECK(dup(server));
    char byte;
    CHECK(bind(server, &at.any, at.length));
    int client = client_of(server);
    CHECK(send(client, "x", 1, 0));
    fact_number("a server hears its client", recvfrom(server, &byte, 1, 0, &from.any, &from.length));
    fact_number("it sends outside by a duplicate", tell_to(copy, "127.0.0.2", 4000));
    fact_number("its client sends again", send(client, "x", 1, 0));
    fact("it hears that", "%#x", (unsigned)ready(server, POLLIN, 5000));
    close(client);
    close(copy);
    close(server);
}

/* A socket that came back from outside shares its port as before. */
static void shares_again(int option) {
    address at = ip("127.0.0.1", free_port(SOCK_DGRAM));
    int first = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), second = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(set_option(first, SOL_SOCKET, option, 1));
    CHECK(set_option(second, SOL_SOCKET, option, 1));
    CHECK(bind(first, &at.any, at.length));
    fact_number("goes outside", tell_to(first, "127.0.0.2", 4000));
    fact_number("comes back", tell_to(first, "127.0.0.1", 4000));
    fact_call("another one shares its port", bind(second, &at.any, at.length));
    close(first);
    close(second);
}

/* A server on a wildcard with a socket for each client, and which ends without closing them: no file is left. */
static void ends(const char *wildcard, const char *host, int option) {
    int port = free_port(SOCK_DGRAM), one = 1;
    address at = ip(wildcard, port);
    for (int i = 0; i < 4; i++) {
        int fd = CHECK(socket(at.any.sa_family, SOCK_DGRAM, 0));
        CHECK(setsockopt(fd, SOL_SOCKET, option, &one, sizeof one));
        CHECK(bind(fd, &at.any, at.length));
        if (i > 0)
            CHECK(connect_to(fd, host, 4000 + i));
    }
}

/* With an argument: where calls are trapped, those without an address are not looked at (docs/limits.md). */
int main(int count, char **arguments) {
    (void)arguments;
    probe_start();
    duplicates();
    closed_duplicates(false);
    closed_duplicates(true);
    if (count == 1)
        peers();
    serves_on();
    shares_again(SO_REUSEADDR);
    shares_again(SO_REUSEPORT);
    for (int i = 0; i < 2; i++) {
        ends("0.0.0.0", "127.0.0.1", i == 0 ? SO_REUSEADDR : SO_REUSEPORT);
        ends("::", "::1", i == 0 ? SO_REUSEADDR : SO_REUSEPORT);
        ends("::", "::ffff:127.0.0.1", i == 0 ? SO_REUSEADDR : SO_REUSEPORT);
    }
    return 0;
}
