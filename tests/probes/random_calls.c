/*
 * Random calls on a few TCP sockets, the same ones for the same seed: prints each result, and the addresses after it.
 * It finds sequences that no other test has. Usage: random_calls SEED CALLS [exec|dual]. With "exec" the program
 * executes itself again and again, so that only the kernel's names of its sockets are left; with "dual" IPv6 sockets
 * are for IPv4, too.
 */
#include "random_sockets.h"

#define SLOTS 6
#define PORTS 3
#define FIRST_PORT 20001

/*
 * Left out, as known to differ (docs/limits.md): an IPv4 client of an IPv6 server, a socket that connects to itself,
 * two sockets bound to one port of which none listens, the name after a failed connect, and the same connection
 * again.
 */
struct slot {
    int fd; /* -1: free */
    int domain;
    int port; /* that it is bound to; 0: none or any */
    bool bound, listening, connected, refused;
};

static struct slot slots[SLOTS];

/* Ports that the kernel chose differ from run to run. */
static void name(const address *name, char *text, size_t size) {
    char host[64] = "?";
    int port = port_of(name);
    inet_ntop(name->any.sa_family,
              name->any.sa_family == AF_INET6 ? (void *)&((address *)(uintptr_t)name)->v6.sin6_addr
                                              : (void *)&((address *)(uintptr_t)name)->v4.sin_addr,
              host, sizeof host);
    if (port == 0 || (port >= FIRST_PORT && port < FIRST_PORT + 2 * PORTS))
        snprintf(text, size, "%s %d", host, port);
    else
        snprintf(text, size, "%s ephemeral", host);
}

static bool port_is_bound(int port) {
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].fd >= 0 && slots[i].port == port && !slots[i].listening)
            return true;
    return false;
}

/* Each family has ports of its own. */
static address target(int domain) {
    static const char *const v4[] = {"127.0.0.1", "127.0.0.1", "127.0.0.1", "0.0.0.0"};
    static const char *const v6[] = {"::1", "::1", "::", "::ffff:127.0.0.1"};
    unsigned which = dual && domain == AF_INET6 ? 2 : roll(executes ? 3 : 4); /* IPV6_V6ONLY is forgotten too */
    int port = FIRST_PORT + (int)roll(PORTS) + (domain == AF_INET6 ? PORTS : 0);
    return ip(domain == AF_INET ? v4[which] : v6[which], port);
}

/* A port of either family, by the addresses at which it can be reached. */
static address reach(int domain, int port) {
    bool six = port >= FIRST_PORT + PORTS;
    if (domain == AF_INET)
        return ip("127.0.0.1", port);
    return ip(six && roll(2) == 0 ? "::1" : "::ffff:127.0.0.1", port);
}

static void make(int slot) {
    if (slots[slot].fd >= 0) {
        say("close", slot, outcome(close(slots[slot].fd)));
        slots[slot] = (struct slot){.fd = -1};
        return;
    }
    slots[slot].domain = roll(3) == 0 ? AF_INET6 : AF_INET;
    slots[slot].fd = CHECK(socket(slots[slot].domain, SOCK_STREAM, 0));
    int one = 1;
    setsockopt(slots[slot].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (slots[slot].domain == AF_INET6 && !dual)
        setsockopt(slots[slot].fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    say("socket", slot, slots[slot].domain == AF_INET6 ? "v6" : "v4");
}

/* The other end is gone: TCP is then as new, and AF_UNIX remembers. */
static bool is_gone(int slot) {
    struct pollfd gone = {.fd = slots[slot].fd, .events = POLLRDHUP};
    return slots[slot].connected && poll(&gone, 1, 0) != 0;
}

static void bind_it(int slot) {
    address to = target(slots[slot].domain);
    if (roll(3) == 0) {
        if (to.any.sa_family == AF_INET6)
            to.v6.sin6_port = 0;
        else
            to.v4.sin_port = 0;
    }
    int port = port_of(&to);
    if (slots[slot].refused || is_gone(slot) || (port != 0 && port_is_bound(port)))
        return;
    long result = bind(slots[slot].fd, &to.any, to.length);
    say("bind", slot, outcome(result));
    if (result == 0)
        slots[slot].port = port;
    slots[slot].bound |= result == 0;
}

/* Connections from one fixed port to another: over TCP their addresses stay taken for a while (TIME_WAIT). */
static bool used[2 * PORTS][2 * PORTS];

static void use(int from, int to) {
    if (from != 0)
        used[from - FIRST_PORT][to - FIRST_PORT] = true;
}

static bool is_used(int from, int to) {
    return from != 0 && used[from - FIRST_PORT][to - FIRST_PORT];
}

/* An asynchronous connect is followed to its end. */
static void connect_it(int slot) {
    address to = target(slots[slot].domain);
    /* Most go where somebody listens. */
    for (int i = 0; i < SLOTS && roll(4) != 0; i++) {
        if (slots[i].fd < 0 || !slots[i].listening || slots[i].port == 0)
            continue;
        if (dual)
            to = reach(slots[slot].domain, slots[i].port);
        else if (slots[i].domain != slots[slot].domain)
            continue;
        else if (to.any.sa_family == AF_INET6)
            to.v6.sin6_port = htons((uint16_t)slots[i].port);
        else
            to.v4.sin_port = htons((uint16_t)slots[i].port);
    }
    if (slots[slot].port == port_of(&to) || is_gone(slot) || is_used(slots[slot].port, port_of(&to)))
        return;
    long result = connect(slots[slot].fd, &to.any, to.length);
    if (result < 0 && errno == EINPROGRESS) {
        struct pollfd wait = {.fd = slots[slot].fd, .events = POLLOUT};
        socklen_t length = sizeof errno;
        int error = 0;
        poll(&wait, 1, 2000);
        getsockopt(slots[slot].fd, SOL_SOCKET, SO_ERROR, &error, &length);
        errno = error;
        result = error == 0 ? 0 : -1;
    }
    say("connect", slot, outcome(result));
    slots[slot].connected |= result == 0;
    slots[slot].refused |= result < 0;
    if (result == 0)
        use(slots[slot].port, port_of(&to));
}

static void accept_it(int slot) {
    int free = 0;
    while (free < SLOTS && slots[free].fd >= 0)
        free++;
    if (free == SLOTS)
        return;
    address peer = unwritten();
    char text[96];
    struct pollfd wait = {.fd = slots[slot].fd, .events = POLLIN};
    if (poll(&wait, 1, 50) == 0)
        return; /* over TCP a connection may be a moment later */
    int fd = accept4(slots[slot].fd, &peer.any, &peer.length, SOCK_CLOEXEC);
    if (fd < 0) {
        say("accept", slot, outcome(fd));
        return;
    }
    if (executes)
        CHECK(fcntl(fd, F_SETFD, 0)); /* the next start goes on with it */
    slots[free] = (struct slot){.fd = fd, .domain = slots[slot].domain, .connected = true};
    name(&peer, text, sizeof text);
    say("accept", slot, text);
}

/* After exec a socket that is neither bound nor connected shows what it is (docs/limits.md). */
static bool is_bare(int slot) {
    return executes && !slots[slot].bound && !slots[slot].connected;
}

static void names(int slot) {
    address own = unwritten(), peer = unwritten();
    char text[96];
    if (slots[slot].refused || is_gone(slot) || is_bare(slot))
        return;
    long result = getsockname(slots[slot].fd, &own.any, &own.length);
    if (result == 0)
        name(&own, text, sizeof text);
    say("getsockname", slot, result < 0 ? outcome(result) : text);
    result = getpeername(slots[slot].fd, &peer.any, &peer.length);
    if (result < 0)
        say("getpeername", slot, outcome(result));
    else
        name(&peer, text, sizeof text), say("getpeername", slot, text);
}

static void copy(int slot) {
    int fd = dup(slots[slot].fd);
    close(slots[slot].fd);
    slots[slot].fd = fd;
    say("dup and close", slot, fd >= 0 ? "ok" : outcome(fd));
}

static void listen_on(int slot) {
    if (slots[slot].refused || is_gone(slot) || is_bare(slot))
        return;
    long result = listen(slots[slot].fd, 8);
    say("listen", slot, outcome(result));
    slots[slot].listening |= result == 0;
}

static void options(int slot) {
    static const struct {
        int level, option;
    } known[] = {{SOL_SOCKET, SO_REUSEADDR}, {SOL_SOCKET, SO_KEEPALIVE},  {SOL_SOCKET, SO_ACCEPTCONN},
                 {SOL_SOCKET, SO_TYPE},      {SOL_SOCKET, SO_DOMAIN},     {SOL_SOCKET, SO_PROTOCOL},
                 {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_KEEPIDLE}, {IPPROTO_IP, IP_TOS}};
    unsigned which = roll(sizeof known / sizeof known[0]);
    int fd = slots[slot].fd, value = (int)roll(3);
    socklen_t length = sizeof value;
    say("setsockopt", slot, outcome(setsockopt(fd, known[which].level, known[which].option, &value, sizeof value)));
    value = -1;
    long result = getsockopt(fd, known[which].level, known[which].option, &value, &length);
    say("getsockopt", slot, outcome(result < 0 ? result : value));
}

static void one_call(void) {
    int slot = (int)roll(SLOTS);
    unsigned which = roll(12);
    if (which < 1 || slots[slot].fd < 0)
        make(slot);
    else if (which < 3)
        bind_it(slot);
    else if (which < 5)
        listen_on(slot);
    else if (which < 7)
        connect_it(slot);
    else if (which < 9)
        accept_it(slot);
    else if (which == 9)
        names(slot);
    else if (which == 10)
        copy(slot);
    else if (!executes)
        options(slot);
}

int main(int argc, char **argv) {
    probe_start();
    for (int i = 0; i < SLOTS; i++)
        slots[i].fd = -1;
    make_calls(argc, argv, one_call, (struct kept){slots, sizeof slots}, (struct kept){used, sizeof used});
    return 0;
}
