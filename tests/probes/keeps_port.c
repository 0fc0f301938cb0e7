/*
 * A stream that was bound to a port of the program's choice, and then shut down (a listener) or disconnected by
 * connect(AF_UNSPEC), keeps that port: which other binds succeed then, and what each socket can still do.
 */
#include "probe.h"

enum { REUSEADDR = 1, REUSEPORT = 2 };

static const char *const option_names[] = {"no option", "SO_REUSEADDR", "SO_REUSEPORT", "both"};

static int stream(const char *text, int port, int options, int *result) {
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (options & REUSEADDR)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (options & REUSEPORT)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    *result = bind(fd, &at.any, at.length);
    return fd;
}

static int disconnect(int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    return connect(fd, &none, sizeof none);
}

/* The ways to end what a stream does. */
enum end { BY_SHUTDOWN, BY_DISCONNECT, CLIENT };

static const char *const end_names[] = {"shut down", "listener disconnected", "client disconnected"};

static int ended_stream(const char *text, int port, int options, enum end end) {
    int result, fd = stream(text, port, options, &result);
    CHECK(result);
    if (end == CLIENT) {
        int server = listening("127.0.0.1", 0);
        CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
        CHECK(disconnect(fd));
        close(server);
    } else {
        CHECK(listen(fd, 8));
        CHECK(end == BY_SHUTDOWN ? shutdown(fd, SHUT_RDWR) : disconnect(fd));
    }
    return fd;
}

static char story[120];

static const char *of(const char *what) {
    static char name[200];
    snprintf(name, sizeof name, "%s: %s", story, what);
    return name;
}

/* Prints whether the socket answers a client. The client resets: no TIME_WAIT holds the port. */
static void ask(const char *what, int server, const char *host, int port) {
    int client = CHECK(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    int result = connect_to(client, host, port), refused = errno;
    int peer = result == 0 && ready(server, POLLIN, 5000) ? accept(server, NULL, NULL) : -1;
    fact(of(what), "%s", result < 0 ? errno_name(refused) : peer >= 0 ? "answered" : "connected");
    struct linger reset = {1, 0};
    CHECK(setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
    close(client);
    if (peer >= 0 && ready(peer, POLLIN, 5000))
        close(peer);
}

/* Somebody binds the port meanwhile; then it listens again, and once more is shut down and listens. */
static void bound_meanwhile(enum end end, int options, int others, bool another_process) {
    int result, port = free_port(SOCK_STREAM), fd = ended_stream("127.0.0.1", port, options, end);
    snprintf(story, sizeof story, "%s with %s, %s with %s", end_names[end], option_names[options],
             another_process ? "another process" : "this one", option_names[others]);
    address name = name_of(fd);
    fact(of("its name"), "%s, port %s", ip_text(&name), port_of(&name) == port ? "as before" : "another");
    address at = ip("127.0.0.1", port);
    fact_call(of("another bind of it"), bind(fd, &at.any, at.length));
    if (end != CLIENT)
        fact_call(of("another shutdown"), shutdown(fd, SHUT_RDWR));
    pid_t child = another_process ? fork_peer() : 0;
    if (child == 0) {
        if (another_process)
            close(fd);
        int other = stream("127.0.0.1", port, others, &result);
        fact_call(of("the other binds"), result);
        close(other);
        other = stream("0.0.0.0", port, others, &result);
        fact_call(of("the other binds the wildcard"), result);
        close(other);
        other = stream("127.0.0.2", port, others, &result);
        fact_call(of("the other binds another address"), result);
        close(other);
        if (another_process)
            _exit(0);
    } else {
        ended(child);
    }
    for (int i = 0; i < 2; i++) {
        fact_call(of("listens again"), listen(fd, 8));
        ask("a client", fd, "127.0.0.1", port);
        int other = stream("127.0.0.1", port, others, &result);
        fact_call(of("another binds then"), result);
        close(other);
        CHECK(shutdown(fd, SHUT_RDWR));
    }
    int client = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    fact_call(of("a client at last"), connect_to(client, "127.0.0.1", port));
    close(client);
    close(fd);
    int other = stream("127.0.0.1", port, 0, &result);
    fact_call(of("another when it has closed"), result);
    close(other);
}

/* With SO_REUSEADDR on both a successor takes over, and the first comes back when that goes. */
static void successor(bool another_process) {
    int result, told[2], go[2], port = free_port(SOCK_STREAM);
    int fd = ended_stream("127.0.0.1", port, REUSEADDR, BY_SHUTDOWN);
    snprintf(story, sizeof story, "a successor in %s", another_process ? "another process" : "this one");
    CHECK(pipe(told));
    CHECK(pipe(go));
    pid_t child = another_process ? fork_peer() : 0;
    int other = -1;
    if (child == 0) {
        if (another_process)
            close(fd);
        other = stream("127.0.0.1", port, REUSEADDR, &result);
        fact_call(of("binds"), result);
        fact_call(of("listens"), listen(other, 8));
        ask("a client of it", other, "127.0.0.1", port);
        if (another_process) {
            send_byte(told[1]);
            wait_byte(go[0]);
            _exit(0);
        }
    } else {
        wait_byte(told[0]);
    }
    fact_call(of("the first listens again"), listen(fd, 8));
    send_byte(go[1]);
    if (another_process)
        ended(child);
    else
        close(other);
    fact_call(of("the first listens when it has gone"), listen(fd, 8));
    ask("a client of the first", fd, "127.0.0.1", port);
    close(fd);
}

/* It is another socket's client, or a server at another address, next. */
static void goes_on(void) {
    int result, port = free_port(SOCK_STREAM), fd = ended_stream("0.0.0.0", port, 0, BY_SHUTDOWN);
    snprintf(story, sizeof story, "goes on");
    int server = listening("127.0.0.1", 0);
    fact_call(of("connects"), connect_to(fd, "127.0.0.1", own_port(server)));
    address name = name_of(fd);
    fact(of("is"), "%s, port %s", ip_text(&name), port_of(&name) == port ? "as before" : "another");
    int peer = CHECK(accept(server, NULL, NULL));
    address seen = peer_of(peer);
    fact_yes(of("is seen so"), port_of(&seen) == port);
    fact_call(of("disconnects"), disconnect(fd));
    int other = stream("127.0.0.1", port, 0, &result);
    fact_call(of("another binds"), result);
    close(other);
    int copy = CHECK(dup(fd));
    close(fd);
    fact_call(of("its duplicate listens"), listen(copy, 4));
    ask("a client", copy, "127.0.0.1", port);
    close(copy);
    close(peer);
    close(server);
}

/* An accepted socket keeps its address, if its listener had one. */
static void accepted(const char *at, const char *where) {
    int server = listening(at, 0), client = connected(where, own_port(server)), fd = CHECK(accept(server, NULL, NULL));
    snprintf(story, sizeof story, "accepted at %s", at);
    fact_call(of("disconnects"), disconnect(fd));
    address name = name_of(fd);
    fact(of("is"), "%s", ip_text(&name));
    fact_call(of("listens"), listen(fd, 4));
    name = name_of(fd);
    fact(of("listens at"), "%s", ip_text(&name));
    ask("a client", fd, where, port_of(&name));
    close(fd);
    close(client);
    close(server);
}

int main(void) {
    probe_start();
    for (int end = BY_SHUTDOWN; end <= CLIENT; end++)
        for (int options = 0; options <= 3; options++)
            for (int others = 0; others <= 3; others++) {
                bool beside = end == CLIENT && (options & others & REUSEADDR) && !(options & others & REUSEPORT);
                if (beside) /* docs/limits.md: in another process, with SO_REUSEADDR alone, while neither listens */
                    continue;
                bound_meanwhile(end, options, others, false);
                bound_meanwhile(end, options, others, true);
            }
    successor(false);
    successor(true);
    goes_on();
    accepted("127.0.0.1", "127.0.0.1");
    accepted("0.0.0.0", "127.0.0.1");
    accepted("::1", "::1");
    accepted("::", "::1");
    return 0;
}
