/*
 * Sockets bound to one of two addresses that reach the other: 127.0.0.1 and 127.0.0.2. The test covers only the first,
 * so each connection is from a covered address to one that is not, or back; without the library both are TCP and UDP.
 */
#include "probe.h"

static void line(const char *story, const char *what, bool value) {
    fact(story, "%s: %s", what, value ? "yes" : "no");
}

static void stream(const char *story, const char *source, const char *target, bool register_options) {
    int server = listening(target, 0), client = bound(source, 0, SOCK_STREAM), port = own_port(client);
    if (register_options)
        CHECK(set_option(client, IPPROTO_TCP, TCP_NODELAY, 1));
    int result = connect_to(client, target, own_port(server));
    fact(story, "connect: %s", result == 0 ? "ok" : errno_name(errno));
    if (result == 0) {
        address seen = unwritten(), own = name_of(client), remote = peer_of(client);
        int peer = CHECK(accept(server, &seen.any, &seen.length));
        fact(story, "client is %s", ip_text(&own));
        fact(story, "server saw %s", ip_text(&seen));
        line(story, "client kept its port", port_of(&own) == port);
        line(story, "both agree", same_address(&own, &seen));
        line(story, "client's peer", strcmp(ip_text(&remote), target) == 0 && port_of(&remote) == own_port(server));
        line(story, "option kept", get_option(client, IPPROTO_TCP, TCP_NODELAY) == register_options);
        send_byte(peer);
        line(story, "bytes flow", wait_byte(client));
        close(peer);
    }
    close(client);
    close(server);
}

/* A descriptor that was refused on one side of the border connects on the other. */
static void refused_first(const char *story, const char *first, const char *second) {
    int server = listening(second, 0), fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    int nobody = free_port(SOCK_STREAM);
    line(story, "refused", connect_to(fd, first, nobody) < 0 && errno == ECONNREFUSED);
    line(story, "then connected", connect_to(fd, second, own_port(server)) == 0);
    address own = name_of(fd), seen = unwritten();
    int peer = CHECK(accept(server, &seen.any, &seen.length));
    line(story, "both agree", same_address(&own, &seen));
    close(peer);
    close(fd);
    close(server);
}

/*
 * Answers each datagram. It is another program without the library where the address is not covered, because there it
 * stands for another machine: an answer to 127.0.0.1 would be covered.
 */
static _Noreturn void answer(int fd) {
    alarm(PROBE_SECONDS);
    while (true) {
        address from = unwritten();
        char byte;
        CHECK(recvfrom(fd, &byte, 1, 0, &from.any, &from.length));
        CHECK(sendto(fd, &byte, 1, 0, &from.any, from.length));
    }
}

static pid_t responder(const char *host, int *port) {
    int fd = bound(host, 0, SOCK_DGRAM);
    *port = own_port(fd);
    pid_t pid = fork_peer();
    if (pid == 0 && strcmp(host, "127.0.0.1") == 0)
        answer(fd);
    if (pid == 0) {
        char number[16], *arguments[] = {(char[]){"both_directions"}, number, NULL},
                         *environment[] = {(char[]){"UNSOCK_OFF=1"}, NULL};
        snprintf(number, sizeof number, "%d", fd);
        execve("/proc/self/exe", arguments, environment);
        die("exec");
    }
    close(fd);
    return pid;
}

static void exchange(const char *story, int client, const char *target, int port) {
    address to = ip(target, port), back = unwritten();
    char byte;
    fact(story, "to %s: %s", target, sendto(client, "x", 1, 0, &to.any, to.length) == 1 ? "sent" : errno_name(errno));
    bool came = ready(client, POLLIN, 1000) != 0;
    line(story, "answered", came);
    if (!came)
        return;
    CHECK(recvfrom(client, &byte, 1, 0, &back.any, &back.length));
    line(story, "from where it was asked", same_address(&back, &to));
}

/* One unconnected socket asks both sides, as a resolver asks several servers. */
static void datagrams(const char *story, const char *first, const char *second) {
    int client = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), ports[2];
    pid_t pids[2] = {responder(first, &ports[0]), responder(second, &ports[1])};
    exchange(story, client, first, ports[0]);
    exchange(story, client, second, ports[1]);
    exchange(story, client, first, ports[0]);
    for (int i = 0; i < 2; i++) {
        kill(pids[i], SIGTERM);
        ended(pids[i]);
    }
    close(client);
}

/* Listens on an inherited socket that its parent has opened. */
static int listen_again(const char *host, int fd) {
    fact("inherited", "%s: listen: %s", host, listen(fd, 5) == 0 ? "ok" : errno_name(errno));
    int client = connected(host, own_port(fd));
    send_byte(CHECK(accept(fd, NULL, NULL)));
    line("inherited", host, wait_byte(client));
    return 0;
}

static void inherited(const char *host) {
    int fd = listening(host, 0);
    pid_t pid = fork_peer();
    if (pid == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", fd);
        CHECK(fcntl(fd, F_SETFD, 0));
        execl("/proc/self/exe", "both_directions", number, host, NULL);
        die("exec");
    }
    ended(pid);
    close(fd);
}

int main(int count, char **arguments) {
    probe_start();
    if (count == 2)
        answer(atoi(arguments[1]));
    if (count == 3)
        return listen_again(arguments[2], atoi(arguments[1]));
    inherited("127.0.0.1");
    inherited("127.0.0.2");
    stream("127.0.0.1 to 127.0.0.2", "127.0.0.1", "127.0.0.2", false);
    stream("127.0.0.2 to 127.0.0.1", "127.0.0.2", "127.0.0.1", false);
    stream("127.0.0.1 to 127.0.0.2, with an option", "127.0.0.1", "127.0.0.2", true);
    stream("127.0.0.2 to 127.0.0.1, with an option", "127.0.0.2", "127.0.0.1", true);
    stream("wildcard to 127.0.0.1", "0.0.0.0", "127.0.0.1", false);
    stream("127.0.0.2 to 127.0.0.2", "127.0.0.2", "127.0.0.2", false);
    refused_first("refused by 127.0.0.1", "127.0.0.1", "127.0.0.2");
    refused_first("refused by 127.0.0.2", "127.0.0.2", "127.0.0.1");
    datagrams("datagrams, 127.0.0.1 first", "127.0.0.1", "127.0.0.2");
    datagrams("datagrams, 127.0.0.2 first", "127.0.0.2", "127.0.0.1");
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect_to(fd, "127.0.0.1", free_port(SOCK_DGRAM)));
    address old = name_of(fd);
    int server = bound("127.0.0.2", 0, SOCK_DGRAM);
    CHECK(connect_to(fd, "127.0.0.2", own_port(server)));
    address own = name_of(fd), remote = peer_of(fd), from = unwritten();
    char byte;
    fact_yes("datagram connected to one, then the other: peer", port_of(&remote) == own_port(server));
    send_byte(fd);
    CHECK(recvfrom(server, &byte, 1, 0, &from.any, &from.length));
    fact_yes("datagram connected to one, then the other: seen as it is", same_address(&from, &own));
    fact_yes("datagram connected to one, then the other: same port", port_of(&old) == port_of(&own));
    return 0;
}
