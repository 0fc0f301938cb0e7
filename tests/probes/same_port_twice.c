/*
 * The same port again: SO_REUSEPORT in one process, other addresses, a bound socket that does not listen yet, and what
 * the second one gets when the first closes. Another process's check of the file must never look like a connection.
 */
#include "probe.h"

#include <sys/epoll.h>

static int stream(const char *text, int port, bool reuse_port, int *result) {
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (reuse_port)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    *result = bind(fd, &at.any, at.length);
    return fd;
}

/* Connects `count` clients one after the other; each is answered by whichever listener has it. */
static void serve(const char *name, const int *listeners, int listeners_count, const char *host, int port, int count) {
    int served = 0;
    for (int i = 0; i < count; i++) {
        int client = connected(host, port);
        struct pollfd waiting[4];
        for (int k = 0; k < listeners_count; k++)
            waiting[k] = (struct pollfd){listeners[k], POLLIN, 0};
        if (CHECK(poll(waiting, (nfds_t)listeners_count, 5000)) == 0)
            die("nobody has the connection");
        for (int k = 0; k < listeners_count; k++) {
            if (!(waiting[k].revents & POLLIN))
                continue;
            /* Non-blocking, as servers with several listeners are: two may be told of the one connection. */
            CHECK(fcntl(listeners[k], F_SETFL, O_NONBLOCK));
            int peer = accept(listeners[k], NULL, NULL);
            if (peer < 0)
                continue;
            send_byte(peer);
            close(peer);
            served += wait_byte(client);
            break;
        }
        close(client);
    }
    fact(name, "%d of %d", served, count);
}

static void reuse_port(void) {
    int result, port = free_port(SOCK_STREAM);
    int pair[2] = {stream("127.0.0.1", port, true, &result), 0};
    fact_call("SO_REUSEPORT: first bind", result);
    pair[1] = stream("127.0.0.1", port, true, &result);
    fact_call("SO_REUSEPORT: second bind", result);
    fact_call("SO_REUSEPORT: first listens", listen(pair[0], 8));
    fact_call("SO_REUSEPORT: second listens", listen(pair[1], 8));
    serve("SO_REUSEPORT: served by the pair", pair, 2, "127.0.0.1", port, 20);
    int third = stream("127.0.0.1", port, false, &result);
    fact_call("SO_REUSEPORT: third without it", result);
    close(third);
    address name = name_of(pair[1]);
    fact_yes("SO_REUSEPORT: second has the port", port_of(&name) == port);
    CHECK(close(pair[0]));
    serve("SO_REUSEPORT: served by the second when the first is closed", pair + 1, 1, "127.0.0.1", port, 5);
    CHECK(close(pair[1]));
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call("SO_REUSEPORT: both closed", connect_to(fd, "127.0.0.1", port));
    close(fd);
    pair[0] = stream("127.0.0.1", port, false, &result);
    CHECK(listen(pair[0], 1));
    pair[1] = stream("127.0.0.1", port, true, &result);
    fact_call("SO_REUSEPORT: only the second has it", result);
    close(pair[0]);
    close(pair[1]);
}

/* Sockets that share a port are two all the same: for epoll, and for shutdown. */
static void reuse_port_apart(void) {
    int result, port = free_port(SOCK_STREAM), set = CHECK(epoll_create1(0));
    int first = stream("127.0.0.1", port, true, &result), second = stream("127.0.0.1", port, true, &result);
    int fds[] = {first, second};
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[i]};
        CHECK(listen(fds[i], 5));
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event));
    }
    CHECK(close(first));
    int client = connected("127.0.0.1", port);
    struct epoll_event events[4];
    int count = CHECK(epoll_wait(set, events, 4, 5000));
    fact_yes("an event of the open one alone", count == 1 && events[0].data.fd == second);
    close(CHECK(accept(second, NULL, NULL)));
    close(client);
    first = stream("127.0.0.1", port, true, &result);
    CHECK(listen(first, 5));
    fact_call("shutdown of one", shutdown(first, SHUT_RDWR));
    fact_call("accept from it", accept(first, NULL, NULL));
    client = connected("127.0.0.1", port);
    close(CHECK(accept(second, NULL, NULL)));
    close(client);
    close(first);
    close(second);
    close(set);
}

static void other_addresses(const char *prefix, const char *first, const char *second, bool close_first) {
    char text[100];
#define NAME(what) (snprintf(text, sizeof text, "%s: " what, prefix), text)
    int result, port = free_port(SOCK_STREAM);
    int pair[2] = {stream(first, port, false, &result), -1};
    CHECK(result);
    CHECK(listen(pair[0], 8));
    address at = ip(second, port);
    pair[1] = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    CHECK(set_option(pair[1], SOL_SOCKET, SO_REUSEADDR, 1));
    if (at.any.sa_family == AF_INET6)
        CHECK(set_option(pair[1], IPPROTO_IPV6, IPV6_V6ONLY, 1));
    fact_call(NAME("second bind"), bind(pair[1], &at.any, at.length));
    fact_call(NAME("second listen"), listen(pair[1], 8));
    const char *to_first = strcmp(first, "0.0.0.0") == 0 ? "127.0.0.1" : first;
    const char *to_second = strcmp(second, "::") == 0 ? "::1" : second;
    serve(NAME("served, first address"), pair, 2, to_first, port, 4);
    serve(NAME("served, second address"), pair, 2, to_second, port, 4);
    address name = name_of(pair[1]);
    fact(NAME("second's own address"), "%s", ip_text(&name));
    fact_yes(NAME("second's own port"), port_of(&name) == port);
    if (close_first) {
        CHECK(close(pair[0]));
        serve(NAME("served by the second alone"), pair + 1, 1, to_second, port, 4);
        CHECK(close(pair[1]));
    } else {
        CHECK(close(pair[1]));
        serve(NAME("served by the first alone"), pair, 1, to_first, port, 4);
        CHECK(close(pair[0]));
    }
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact_call(NAME("both closed"), connect_to(fd, "127.0.0.1", port));
    close(fd);
    fd = stream(first, port, false, &result);
    fact_call(NAME("free again"), result);
    close(fd);
}

/* Over TCP, two may be bound to one address with SO_REUSEADDR as long as neither listens. */
static void bound_twice(const char *text) {
    char name[120];
    int port = free_port(SOCK_STREAM), result;
    int first = stream(text, port, false, &result), second = stream(text, port, false, &result);
    snprintf(name, sizeof name, "%s: bind twice", text);
    fact_call(name, result);
    close(second);
    snprintf(name, sizeof name, "%s: listen", text);
    fact_call(name, listen(first, 8));
    snprintf(name, sizeof name, "%s: served", text);
    serve(name, &first, 1, text, port, 3);
    close(first);
}

/* Between bind and listen the port belongs to the socket already, and clients are refused. */
static void bound_only(void) {
    int port = free_port(SOCK_STREAM), result, fd = stream("127.0.0.1", port, false, &result);
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(fd);
        int other = CHECK(socket(AF_INET, SOCK_STREAM, 0)), client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        address at = ip("127.0.0.1", port);
        fact_call("bound only: another process binds it", bind(other, &at.any, at.length));
        fact_call("bound only: a client", connect_to(client, "127.0.0.1", port));
        _exit(0);
    }
    ended(pid);
    fact_call("bound only: listens now", listen(fd, 8));
    fact_yes("bound only: nobody was let in before", ready(fd, POLLIN, 30) == 0);
    int client = connected("127.0.0.1", port);
    fact_yes("bound only: a client is let in now", ready(fd, POLLIN, 5000) != 0);
    close(CHECK(accept(fd, NULL, NULL)));
    close(client);
    /* Somebody who tries to take the port must not show up as a connection. */
    pid = fork_peer();
    if (pid == 0) {
        close(fd);
        address at = ip("127.0.0.1", port);
        for (int i = 0; i < 10; i++) {
            int other = CHECK(socket(AF_INET, SOCK_STREAM, 0));
            CHECK(set_option(other, SOL_SOCKET, SO_REUSEADDR, 1));
            if (bind(other, &at.any, at.length) == 0)
                die("took a port that is in use");
            close(other);
        }
        _exit(0);
    }
    fact("ten attempts to take the port: exit status", "%d", ended(pid));
    fact_yes("ten attempts to take the port: no connection", ready(fd, POLLIN, 30) == 0);
    close(fd);
}

static int datagram(int port, int option, int *result) {
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    if (option != 0)
        CHECK(set_option(fd, SOL_SOCKET, option, 1));
    *result = bind(fd, &at.any, at.length);
    return fd;
}

/* One port for TCP and UDP, as DNS servers have it, and UDP twice. */
static void datagrams(void) {
    char byte;
    int port = free_port(SOCK_DGRAM), result, udp = datagram(port, 0, &result);
    fact_call("UDP", result);
    int tcp = stream("127.0.0.1", port, false, &result);
    fact_call("TCP on the same port", result);
    CHECK(listen(tcp, 8));
    int client = connected("127.0.0.1", port), sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = ip("127.0.0.1", port);
    CHECK(sendto(sender, "u", 1, 0, &to.any, to.length));
    fact_yes("the datagram goes to UDP", recv(udp, &byte, 1, 0) == 1 && byte == 'u');
    int peer = CHECK(accept(tcp, NULL, NULL));
    send_byte(client);
    fact_yes("the byte goes to TCP", wait_byte(peer));
    close(udp);
    int again = connected("127.0.0.1", port);
    fact_yes("TCP stays when UDP closes", again >= 0);
    close(again);
    close(peer);
    close(client);
    close(tcp);
    static const int options[] = {0, SO_REUSEADDR, SO_REUSEPORT};
    static const char *const names[] = {"UDP twice", "UDP twice with SO_REUSEADDR", "UDP twice with SO_REUSEPORT"};
    for (int i = 0; i < 3; i++) {
        int first = datagram(port, options[i], &result);
        int second = datagram(port, options[i], &result);
        if (!fact_call(names[i], result)) {
            close(second);
            close(first);
            continue;
        }
        CHECK(sendto(sender, "u", 1, 0, &to.any, to.length));
        struct pollfd waiting[2] = {{first, POLLIN, 0}, {second, POLLIN, 0}};
        fact_yes("one of the two gets a datagram", CHECK(poll(waiting, 2, 5000)) > 0);
        recv(waiting[0].revents ? first : second, &byte, 1, 0);
        close(first);
        CHECK(sendto(sender, "u", 1, 0, &to.any, to.length));
        fact_yes("the second gets it when the first is closed", ready(second, POLLIN, 5000) != 0);
        close(second);
    }
    close(sender);
}

int main(void) {
    probe_start();
    reuse_port();
    reuse_port_apart();
    other_addresses("127.0.0.1 and ::1, first closes", "127.0.0.1", "::1", true);
    other_addresses("127.0.0.1 and ::1, second closes", "127.0.0.1", "::1", false);
    other_addresses("0.0.0.0 and ::", "0.0.0.0", "::", true);
    other_addresses("127.0.0.1 and 127.0.0.2", "127.0.0.1", "127.0.0.2", true);
    bound_twice("127.0.0.1");
    bound_twice("::1");
    bound_only();
    datagrams();
    return 0;
}
