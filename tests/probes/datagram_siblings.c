/*
 * Servers that make a datagram socket of their own for each client: bound to the same port, connected to that client.
 */
#include "probe.h"

#include <sys/resource.h>

static int server_socket(int port, int option) {
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, option, 1));
    CHECK(bind(fd, &at.any, at.length));
    return fd;
}

static void send_text(int fd, const char *text, const address *to) {
    struct iovec part = {(void *)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent = to ? sendto(fd, text, part.iov_len, 0, &to->any, to->length) : sendmsg(fd, &message, 0);
    if (sent < 0)
        fact(text, "%s", errno_name(errno));
}

static void hears(const char *who, int fd, address *from) {
    char bytes[32];
    address any = unwritten();
    if (ready(fd, POLLIN, 2000) == 0) {
        fact(who, "nothing");
        return;
    }
    ssize_t got = recvfrom(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT, &any.any, &any.length);
    bytes[got < 0 ? 0 : got] = '\0';
    fact(who, "%s", got < 0 ? errno_name(errno) : bytes);
    if (from)
        *from = any;
}

static void ask_listener(int client, const char *text, const address *to, int listener, address *from) {
    send_text(client, text, to);
    hears("the listener hears", listener, from);
}

static int new_client(const address *server, bool connects) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    if (connects)
        CHECK(connect(fd, &server->any, server->length));
    return fd;
}

static void serve(const char *name, int option, bool connects) {
    fact("now", "%s", name);
    int listener = server_socket(0, option);
    address at = name_of(listener), first, second;
    const address *to = connects ? NULL : &at;
    int client = new_client(&at, connects);
    ask_listener(client, "first asks", to, listener, &first);
    int session = server_socket(port_of(&at), option);
    fact_call("connect to the first client", connect(session, &first.any, first.length));
    send_text(session, "hello, first", NULL);
    hears("the first client hears", client, NULL);
    send_text(client, "first again", to);
    hears("its session hears", session, NULL);
    int other = new_client(&at, connects);
    ask_listener(other, "second asks", to, listener, &second);
    int other_session = server_socket(port_of(&at), option);
    fact_call("connect to the second client", connect(other_session, &second.any, second.length));
    send_text(other_session, "hello, second", NULL);
    hears("the second client hears", other, NULL);
    send_text(client, "first once more", to);
    hears("the first session hears", session, NULL);
    send_text(other, "second again", to);
    hears("the second session hears", other_session, NULL);
    fact_call("the listener has a peer", getpeername(listener, &first.any, &first.length));
    close(session);
    close(other_session);
    int late = new_client(&at, connects);
    ask_listener(late, "third asks", to, listener, NULL);
    close(late);
    close(client);
    close(other);
    close(listener);
}

/* Two clients have asked before one gets a socket of its own. If the server may not connect that, it serves both by the
 * first (docs/limits.md). */
static void serve_two_at_once(const char *name, int option) {
    fact("now", "%s", name);
    int listener = server_socket(0, option);
    address at = name_of(listener), first;
    int client = new_client(&at, true), other = new_client(&at, true);
    send_text(client, "first asks", NULL);
    ask_listener(other, "second asks", NULL, listener, &first);
    int session = server_socket(port_of(&at), option);
    bool connected = connect(session, &first.any, first.length) == 0;
    hears("the listener hears", listener, NULL);
    char byte;
    fact_call("the first client hears", recv(client, &byte, 1, MSG_DONTWAIT));
    send_text(client, "first again", NULL);
    hears("the first client's socket hears", connected ? session : listener, NULL);
    ask_listener(other, "second again", NULL, listener, NULL);
    close(session);
    close(client);
    close(other);
    close(listener);
}

/* The session's peer before this client. */
enum before { NEW, HAD_NOBODY, HAD_ANOTHER };

/* On the wildcard, for a client whose address is not the one that the session gets: others still reach the listener. */
static void serve_on_wildcard(const char *name, enum before before) {
    fact("now", "a server on the wildcard, %s", name);
    int listener = bound("0.0.0.0", 0, SOCK_DGRAM), port = own_port(listener);
    CHECK(close(listener));
    address any = ip("0.0.0.0", port), first;
    int fds[2];
    for (int i = 0; i < 2; i++)
        fds[i] = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    for (int i = 0; i < 2; i++)
        CHECK(set_option(fds[i], SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(fds[0], &any.any, any.length));
    int client = bound("127.0.0.2", 0, SOCK_DGRAM);
    CHECK(connect_to(client, "127.0.0.1", port));
    ask_listener(client, "first asks", NULL, fds[0], &first);
    CHECK(bind(fds[1], &any.any, any.length));
    int another = bound("127.0.0.3", 0, SOCK_DGRAM);
    if (before != NEW)
        CHECK(connect_to(fds[1], "127.0.0.3", before == HAD_NOBODY ? free_port(SOCK_DGRAM) : own_port(another)));
    if (before == HAD_ANOTHER) {
        send_text(fds[1], "to another", NULL);
        hears("the other client hears", another, NULL);
    }
    fact_call("connect to the client", connect(fds[1], &first.any, first.length));
    send_text(fds[1], "hello", NULL);
    hears("the client hears", client, NULL);
    for (int i = 1; i <= 3; i++) {
        char at[20];
        snprintf(at, sizeof at, "127.0.0.%d", i);
        int other = bound("127.0.0.1", 0, SOCK_DGRAM);
        CHECK(connect_to(other, at, port));
        send_text(other, at, NULL);
        hears("the listener hears one that asks at", fds[0], NULL);
        CHECK(close(other));
    }
    CHECK(close(fds[0]));
    CHECK(close(fds[1]));
    CHECK(close(another));
    CHECK(close(client));
}

/* Without a descriptor the client's socket may stay unconnected, but nothing that the listener has is lost. */
static void serve_without_descriptors(void) {
    fact("now", "no descriptor is left");
    int listener = server_socket(0, SO_REUSEADDR);
    address at = name_of(listener), first;
    int client = new_client(&at, true);
    ask_listener(client, "first asks", NULL, listener, &first);
    send_text(client, "first asks more", NULL);
    int session = server_socket(port_of(&at), SO_REUSEADDR);
    struct rlimit limit, before;
    CHECK(getrlimit(RLIMIT_NOFILE, &before));
    limit = before;
    limit.rlim_cur = (rlim_t)session + 2; /* one is left */
    CHECK(setrlimit(RLIMIT_NOFILE, &limit));
    fact_call("connect without descriptors", connect(session, &first.any, first.length));
    CHECK(setrlimit(RLIMIT_NOFILE, &before));
    hears("the listener hears what has come before", listener, NULL);
    char byte;
    fact_call("the client hears", recv(client, &byte, 1, MSG_DONTWAIT));
    close(session);
    close(client);
    close(listener);
}

/* Two clients are connected to the listener, which has read what both asked: each gets a socket of its own, and the one
 * that has none yet is answered by the listener. */
static void serve_two_in_turn(void) {
    fact("now", "two clients in turn");
    int listener = server_socket(0, SO_REUSEADDR);
    address at = name_of(listener), first, second;
    int client = new_client(&at, true), other = new_client(&at, true);
    ask_listener(client, "first asks", NULL, listener, &first);
    ask_listener(other, "second asks", NULL, listener, &second);
    int session = server_socket(port_of(&at), SO_REUSEADDR);
    fact_call("connect to the first client", connect(session, &first.any, first.length));
    send_text(session, "hello, first", NULL);
    hears("the first client hears", client, NULL);
    send_text(listener, "wait, second", &second);
    hears("the second client hears", other, NULL);
    ask_listener(other, "second again", NULL, listener, NULL);
    int other_session = server_socket(port_of(&at), SO_REUSEADDR);
    fact_call("connect to the second client", connect(other_session, &second.any, second.length));
    send_text(other_session, "hello, second", NULL);
    hears("the second client hears", other, NULL);
    send_text(client, "first once more", NULL);
    hears("the first client's socket hears", session, NULL);
    send_text(other, "second once more", NULL);
    hears("the second client's socket hears", other_session, NULL);
    close(session);
    close(other_session);
    close(client);
    close(other);
    close(listener);
}

/* A child that makes the client's socket, or its parent, while both have the listening socket or the parent alone: that
 * goes on for others. */
static void serve_in_two_processes(bool by_child, bool keeps) {
    fact("now", "two processes, %s connects, the child %s", by_child ? "the child" : "the parent",
         keeps ? "has the listener" : "has not");
    int listener = server_socket(0, SO_REUSEADDR);
    address at = name_of(listener), first;
    int client = new_client(&at, true), ends[2], told[2];
    ask_listener(client, "first asks", NULL, listener, &first);
    CHECK(pipe(ends));
    CHECK(pipe(told));
    fflush(stdout);
    pid_t child = fork_peer();
    if (child == 0 && !keeps)
        CHECK(close(listener));
    if (child == 0 && !by_child)
        send_byte(told[1]);
    else if (!by_child)
        wait_byte(told[0]);
    if ((child == 0) == by_child) {
        int session = server_socket(port_of(&at), SO_REUSEADDR);
        fact_call(by_child ? "a child's connect"
                  : keeps  ? "a parent's connect"
                           : "a sole listener's connect",
                  connect(session, &first.any, first.length));
        CHECK(close(session));
        fflush(stdout);
    }
    if (child == 0) {
        close(ends[1]);
        wait_byte(ends[0]);
        _exit(0);
    }
    if (by_child) {
        close(ends[1]);
        CHECK(ended(child));
    }
    int other = new_client(&at, true);
    ask_listener(other, "second asks", NULL, listener, NULL);
    close(ends[0]);
    close(told[0]);
    close(told[1]);
    if (!by_child) {
        close(ends[1]);
        CHECK(ended(child));
    }
    close(other);
    close(client);
    close(listener);
}

/* The socket that all write to is connected to one of them: the others write to the next one, without a new connect. */
static void be_one_clients(void) {
    fact("now", "a listener that is connected");
    int listener = server_socket(0, SO_REUSEADDR);
    address at = name_of(listener), first;
    int client = new_client(&at, true), other = new_client(&at, true);
    ask_listener(client, "first asks", NULL, listener, &first);
    int next = server_socket(port_of(&at), SO_REUSEADDR);
    CHECK(connect(listener, &first.any, first.length));
    send_text(other, "second asks", NULL);
    hears("the next one hears", next, NULL);
    send_text(client, "first again", NULL);
    hears("the first one hears", listener, NULL);
    close(listener);
    send_text(other, "second again", NULL);
    hears("the next one hears", next, NULL);
    close(next);
    close(client);
    close(other);
}

/* Two sockets are connected to each other, and one is connected no more. */
static void part(void) {
    fact("now", "two that part");
    address none = {.any = {.sa_family = AF_UNSPEC}, .length = sizeof none.any};
    int first = server_socket(0, SO_REUSEADDR), other = bound("127.0.0.1", 0, SOCK_DGRAM);
    address its = name_of(first), others = name_of(other);
    int one = server_socket(port_of(&its), SO_REUSEADDR); /* a port that it chose, and keeps */
    close(first);
    CHECK(connect(one, &others.any, others.length));
    CHECK(connect(other, &its.any, its.length));
    send_text(other, "before it leaves", NULL);
    CHECK(connect(one, &none.any, none.length));
    char byte;
    fact_call("the other hears", recvfrom(other, &byte, 1, MSG_DONTWAIT, &its.any, &its.length));
    send_text(other, "after it has left", NULL);
    fact_call("the one that left hears", ready(one, POLLIN, 2000));
    close(one);
    close(other);
}

int main(void) {
    probe_start();
    serve("SO_REUSEADDR, clients that are not connected", SO_REUSEADDR, false);
    serve("SO_REUSEPORT, clients that are not connected", SO_REUSEPORT, false);
    serve("SO_REUSEADDR, connected clients", SO_REUSEADDR, true);
    serve("SO_REUSEPORT, connected clients", SO_REUSEPORT, true);
    serve_two_at_once("SO_REUSEADDR, two clients at once", SO_REUSEADDR);
    serve_two_at_once("SO_REUSEPORT, two clients at once", SO_REUSEPORT);
    serve_on_wildcard("with a new session", NEW);
    serve_on_wildcard("with a session that was connected to nobody", HAD_NOBODY);
    serve_on_wildcard("with a session that had another client", HAD_ANOTHER);
    serve_without_descriptors();
    serve_two_in_turn();
    serve_in_two_processes(true, true);
    serve_in_two_processes(false, true);
    serve_in_two_processes(false, false);
    be_one_clients();
    part();
}
