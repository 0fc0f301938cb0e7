/*
 * One port on several addresses, each in a process of its own: which binds succeed, which server a client reaches, the
 * addresses at both ends, and how all that changes when one server closes and another binds. A probe for streams and
 * one for datagrams have the same stories, each with its own server and client.
 */
#ifndef OWN_ADDRESSES_H
#define OWN_ADDRESSES_H

#include "probe.h"

#include <sys/prctl.h>

#define SERVERS_MOST 254

enum { REUSEADDR = 1, ONLY_BOUND = 2, V6ONLY = 4, REUSEPORT = 8 };

struct server {
    pid_t pid;
    int stop; /* a byte here ends it */
    int port;
    int error;
    bool there;
};

static const int own_type; /* SOCK_STREAM or SOCK_DGRAM */

/* Answers whoever asks at the bound socket (listening, unless it is ONLY_BOUND) until there is a byte to read at
 * `stop`. */
static void serve(int fd, const char *text, int flags, int stop);

/* Prints who answers at an address, and whether both ends tell the same addresses. */
static void ask(const char *name, const char *text, int port);

/* As `ask`, without output: true if the server of just that address answers. */
static bool reaches(const char *text, int port);

static _Noreturn void bind_and_serve(const char *text, int port, int flags, int tell, int stop) {
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, own_type, 0));
    int error = 0;
    if (flags & REUSEADDR)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (flags & REUSEPORT)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    if (at.any.sa_family == AF_INET6 && (flags & V6ONLY))
        CHECK(set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1));
    bool listens = own_type == SOCK_STREAM && !(flags & ONLY_BOUND);
    if (bind(fd, &at.any, at.length) < 0 || (listens && listen(fd, 16) < 0))
        error = errno;
    address name = name_of(fd);
    int result[2] = {error, error == 0 ? port_of(&name) : 0};
    CHECK(write(tell, result, sizeof result));
    if (error != 0)
        _exit(1);
    alarm(0);
    serve(fd, text, flags, stop);
    CHECK(close(fd));
    _exit(0);
}

static struct server start(const char *text, int port, int flags) {
    int pair[2], control[2], result[2];
    CHECK(pipe(pair));
    CHECK(pipe(control));
    pid_t parent = getpid();
    struct server server = {.pid = CHECK(fork()), .stop = control[1]};
    if (server.pid == 0) {
        close(pair[0]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        bind_and_serve(text, port, flags, pair[1], control[0]);
    }
    close(control[0]);
    close(pair[1]);
    if (read(pair[0], result, sizeof result) != sizeof result)
        die("a server that says nothing");
    close(pair[0]);
    server.error = result[0];
    server.port = result[1];
    server.there = result[0] == 0;
    if (!server.there) {
        CHECK(waitpid(server.pid, NULL, 0));
        close(server.stop);
    }
    return server;
}

static void stop(struct server *server, bool killed) {
    if (!server->there)
        return;
    if (killed)
        CHECK(kill(server->pid, SIGKILL));
    else
        send_byte(server->stop);
    CHECK(waitpid(server->pid, NULL, 0));
    close(server->stop);
    server->there = false;
}

static const char *const no_clients[] = {NULL};

struct story {
    const char *name;
    const char *addresses[6];
    int flags[6];
    const char *const *clients; /* NULL: the addresses themselves */
};

static const char *const both_families[] = {"127.0.0.1", "127.0.0.77", "::1", NULL};
static const char *const v4_only[] = {"127.0.0.1", "127.0.0.77", NULL};

static const struct story stories[] = {
    {"two addresses", {"127.0.0.1", "127.0.0.2"}, {0}, NULL},
    {"two addresses, the other way", {"127.0.0.2", "127.0.0.1"}, {0}, NULL},
    {"five addresses", {"127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"}, {0}, NULL},
    {"both families", {"127.0.0.1", "::1"}, {0}, NULL},
    {"both families, the other way", {"::1", "127.0.0.1"}, {0}, NULL},
    {"three of both families", {"127.0.0.9", "::1", "127.0.0.1"}, {0}, NULL},
    {"the same address", {"127.0.0.1", "127.0.0.1"}, {0}, no_clients},
    {"the same second address", {"127.0.0.1", "127.0.0.2", "127.0.0.2"}, {0}, no_clients},
    {"the wildcard beside an address", {"127.0.0.1", "0.0.0.0"}, {0}, no_clients},
    {"an address beside the wildcard", {"0.0.0.0", "127.0.0.1"}, {0}, no_clients},
    {"the wildcard beside two addresses", {"127.0.0.1", "127.0.0.2", "0.0.0.0"}, {0}, no_clients},
    {"the wildcard beside the second address", {"::1", "127.0.0.2", "0.0.0.0"}, {0}, no_clients},
    {"an address beside a wildcard that came second", {"::1", "0.0.0.0", "127.0.0.1"}, {0}, no_clients},
    {"IPv6's wildcard alone beside IPv4",
     {"127.0.0.1", "::"},
     {0, V6ONLY},
     (const char *const[]){"127.0.0.1", "::1", NULL}},
    {"both wildcards", {"0.0.0.0", "::"}, {0, V6ONLY}, both_families},
    {"both wildcards, the other way", {"::", "0.0.0.0"}, {V6ONLY, 0}, both_families},
    {"the wildcard of both beside IPv4's", {"0.0.0.0", "::"}, {0}, no_clients},
    {"the wildcard of both beside an address", {"127.0.0.1", "::"}, {0}, no_clients},
    {"the wildcard of both beside ::1", {"::1", "::"}, {0}, no_clients},
    {"IPv4's wildcard beside that of both", {"::", "0.0.0.0"}, {0}, both_families},
    {"an address beside the wildcard of both", {"::", "127.0.0.1"}, {0}, both_families},
    {"::1 beside the wildcard of both", {"::", "::1"}, {0}, both_families},
    {"a mapped address", {"127.0.0.2", "::ffff:127.0.0.1"}, {0}, (const char *const[]){"127.0.0.1", "127.0.0.2", NULL}},
    {"a mapped address again", {"127.0.0.1", "::ffff:127.0.0.1"}, {0}, no_clients},
    {"the wildcard, and ::1", {"0.0.0.0", "::1"}, {0}, (const char *const[]){"127.0.0.1", "127.0.0.77", "::1", NULL}},
};

static void tell_story(const struct story *story) {
    struct server servers[6] = {0};
    char name[200];
    int port = free_port(own_type);
    for (int i = 0; i < 6 && story->addresses[i] != NULL; i++) {
        servers[i] = start(story->addresses[i], port, story->flags[i]);
        snprintf(name, sizeof name, "%s: bind %s", story->name, story->addresses[i]);
        fact(name, "%s", servers[i].there ? "ok" : errno_name(servers[i].error));
    }
    const char *const *clients = story->clients != NULL ? story->clients : story->addresses;
    for (int i = 0; i < 6 && clients[i] != NULL; i++)
        ask(story->name, clients[i], port);
    for (int i = 0; i < 6; i++)
        stop(&servers[i], false);
}

/* Each in turn goes: the others are still there, and a new one takes its place. */
static void successors(bool killed) {
    static const char *const addresses[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
    /* Over UDP it would let two have the same address. */
    const int flags = own_type == SOCK_STREAM ? REUSEADDR : 0;
    const char *how = killed ? "killed" : "closed";
    struct server servers[3];
    char name[200];
    int port = free_port(own_type);
    for (int i = 0; i < 3; i++)
        servers[i] = start(addresses[i], port, flags);
    for (int gone = 0; gone < 3; gone++) {
        stop(&servers[gone], killed);
        for (int i = 0; i < 3; i++) {
            snprintf(name, sizeof name, "%s, without %s", how, addresses[gone]);
            if (i != gone)
                ask(name, addresses[i], port);
        }
        struct server again = start(addresses[gone == 0 ? 1 : 0], port, flags);
        snprintf(name, sizeof name, "%s, without %s: another one's address", how, addresses[gone]);
        fact(name, "%s", errno_name(again.error));
        stop(&again, killed);
        servers[gone] = start(addresses[gone], port, flags);
        snprintf(name, sizeof name, "%s, %s is back", how, addresses[gone]);
        fact(name, "%s", errno_name(servers[gone].error));
        for (int i = 0; i < 3; i++)
            ask(name, addresses[i], port);
    }
    for (int i = 0; i < 3; i++)
        stop(&servers[i], killed);
    struct server any = start("0.0.0.0", port, flags);
    snprintf(name, sizeof name, "%s, all gone: the wildcard", how);
    fact(name, "%s", errno_name(any.error));
    ask(name, "127.0.0.1", port);
    stop(&any, false);
}

static void many(void) {
    static struct server servers[SERVERS_MOST];
    char text[40];
    int port = free_port(own_type), bound = 0, right = 0;
    for (int i = 0; i < SERVERS_MOST; i++) {
        snprintf(text, sizeof text, "127.0.3.%d", i + 1);
        servers[i] = start(text, port, 0);
        bound += servers[i].there;
    }
    fact("many: bound", "%d", bound);
    for (int i = 0; i < SERVERS_MOST; i++) {
        snprintf(text, sizeof text, "127.0.3.%d", i + 1);
        right += reaches(text, port);
    }
    fact("many: reached the right one", "%d", right);
    for (int i = 0; i < SERVERS_MOST; i++)
        stop(&servers[i], false);
}

/* Port 0 is one that is free on that address. */
static void any_port(void) {
    struct server first = start("127.0.0.2", 0, 0), second = start("127.0.0.3", first.port, 0);
    fact_yes("port 0: bound", first.there);
    fact_yes("port 0: the same port on another address", second.there && second.port == first.port);
    ask("port 0", "127.0.0.2", first.port);
    ask("port 0", "127.0.0.3", first.port);
    stop(&first, false);
    stop(&second, false);
}

static inline void tell_all(void) {
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++)
        tell_story(&stories[i]);
    successors(false);
    successors(true);
    any_port();
    many();
}

#endif
