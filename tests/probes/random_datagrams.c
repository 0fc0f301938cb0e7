/*
 * Random calls on a few UDP sockets, the same ones for the same seed: prints which socket receives which datagram from
 * which sender, and the addresses after it. Usage: random_datagrams SEED CALLS [exec|dual]. With "exec" the program
 * executes itself again and again; with "dual" IPv6 sockets are for IPv4, too.
 *
 * Left out, since it is known to differ (docs/limits.md): IPv4 senders to IPv6 receivers, plain send after the peer
 * closed, datagrams queued before connect, connecting to a socket that is connected to a third one, and its effect on
 * an address with port 0.
 */
#include "random_sockets.h"

#define SLOTS 5
#define PORTS 3
#define FIRST_PORT 20011

struct slot {
    int fd; /* -1: free */
    int domain;
    int port;      /* bound to; 0: none or any */
    bool any_port; /* bound to port 0 */
    bool used;     /* has sent or been connected */
    int peer;      /* port that it is connected to; 0: none */
};

static struct slot slots[SLOTS];

/* The ports that were chosen for sockets that are closed by now. */
#define GONE 64
static uint16_t gone[GONE];

static void say_result(const char *call, int slot, long result) {
    say(call, slot, outcome(result));
}

/* Names the socket that has this port. Ports that the kernel chose differ from run to run, their owners don't. */
static void describe(const address *who, char *text, size_t size) {
    char host[64] = "?";
    const void *bytes =
        who->any.sa_family == AF_INET6 ? (const void *)&who->v6.sin6_addr : (const void *)&who->v4.sin_addr;
    inet_ntop(who->any.sa_family, bytes, host, sizeof host);
    int owner = -1;
    for (int i = 0; i < SLOTS; i++) {
        address own = unwritten();
        if (slots[i].fd < 0 || getsockname(slots[i].fd, &own.any, &own.length) < 0 || port_of(&own) == 0)
            continue;
        /* The kernel may choose one port for two sockets of different families. */
        if (port_of(&own) == port_of(who) && (dual || own.any.sa_family == who->any.sa_family))
            owner = i;
    }
    /* Which of its addresses a socket of both families sends from depends on what it did before (docs/limits.md). */
    snprintf(text, size, "%s socket %d", dual ? "" : host, owner);
}

/* A port that is chosen again gets, by chance, what was meant for the one before: who runs this has to do it again. */
static void remember_port(int slot) {
    address own = unwritten();
    int i = 0;
    if (slots[slot].fd < 0 || slots[slot].port != 0 || getsockname(slots[slot].fd, &own.any, &own.length) < 0 ||
        own.any.sa_family != slots[slot].domain)
        return;
    while (i < GONE - 1 && gone[i] != 0 && gone[i] != port_of(&own))
        i++;
    if (gone[i] != 0)
        fact("a port was chosen again", "yes");
    gone[i] = (uint16_t)port_of(&own);
}

/* After exec nobody remembers who chose the port of a socket, and which address it had then (docs/limits.md). */
static bool is_forgotten(int slot) {
    return executes && slots[slot].port == 0 && slots[slot].used;
}

static int base(int domain) {
    return FIRST_PORT + (domain == AF_INET6 ? PORTS : 0);
}

static address target(int domain) {
    if (dual) {
        int port = FIRST_PORT + (int)roll(2 * PORTS);
        bool six = port >= FIRST_PORT + PORTS && roll(2) == 0;
        return ip(domain == AF_INET ? "127.0.0.1" : six ? "::1" : "::ffff:127.0.0.1", port);
    }
    return ip(domain == AF_INET ? "127.0.0.1" : "::1", base(domain) + (int)roll(PORTS));
}

/*
 * A connected socket stays connected to the one that was there: a new one on its port is a stranger (docs/limits.md).
 */
static bool is_peer(int slot) {
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].fd >= 0 && slots[i].peer != 0 && slots[i].peer == slots[slot].port)
            return true;
    return false;
}

static void make(int slot) {
    if (slots[slot].fd >= 0 && is_peer(slot))
        return;
    if (slots[slot].fd >= 0) {
        remember_port(slot);
        say_result("close", slot, close(slots[slot].fd));
        slots[slot] = (struct slot){.fd = -1};
        return;
    }
    slots[slot].domain = roll(3) == 0 ? AF_INET6 : AF_INET;
    slots[slot].fd = CHECK(socket(slots[slot].domain, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    int one = 1;
    if (slots[slot].domain == AF_INET6 && !dual)
        setsockopt(slots[slot].fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    say("socket", slot, slots[slot].domain == AF_INET6 ? "v6" : "v4");
}

static void bind_it(int slot) {
    if (is_forgotten(slot))
        return;
    int domain = slots[slot].domain;
    address to = ip(domain == AF_INET ? "127.0.0.1" : dual ? "::" : "::1", base(domain) + (int)roll(PORTS));
    if (roll(4) == 0)
        to = ip(domain == AF_INET ? "0.0.0.0" : "::", port_of(&to));
    if (roll(4) == 0)
        to = ip(domain == AF_INET ? "127.0.0.1" : dual ? "::" : "::1", 0);
    long result = bind(slots[slot].fd, &to.any, to.length);
    say_result("bind", slot, result);
    if (result == 0)
        slots[slot].port = port_of(&to);
    slots[slot].any_port |= result == 0 && port_of(&to) == 0;
}

static void drain(int slot) {
    char data[64];
    while (recv(slots[slot].fd, data, sizeof data, 0) >= 0)
        continue;
}

/* An answer to "nobody there" may arrive a moment later, and fail the next call: it is taken away here. */
static void clear_error(int slot) {
    int error;
    socklen_t length = sizeof error;
    getsockopt(slots[slot].fd, SOL_SOCKET, SO_ERROR, &error, &length);
}

static bool somebody_has(int port) {
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].fd >= 0 && slots[i].port == port)
            return true;
    return false;
}

/*
 * The kernel connects nobody to a socket that is connected elsewhere; what that one sends all the same is lost
 * (limits.md).
 */
static bool is_connected_elsewhere(int port, int own) {
    for (int i = 0; i < SLOTS; i++)
        if (slots[i].fd >= 0 && slots[i].port == port && slots[i].peer != 0 && slots[i].peer != own)
            return true;
    return false;
}

static void connect_it(int slot) {
    address to = target(slots[slot].domain);
    if (!somebody_has(port_of(&to)) || slots[slot].port == port_of(&to))
        return;
    if (is_connected_elsewhere(port_of(&to), slots[slot].port))
        return;
    /* Connected by the one family it would not hear the same peer by the other. */
    if (dual && slots[slot].domain == AF_INET6)
        return;
    drain(slot);
    long result = connect(slots[slot].fd, &to.any, to.length);
    say_result("connect", slot, result);
    if (result == 0)
        slots[slot].peer = port_of(&to);
    slots[slot].used = true;
}

static void disconnect(int slot) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    if (slots[slot].any_port || is_forgotten(slot))
        return;
    drain(slot);
    slots[slot].peer = 0;
    say_result("disconnect", slot, connect(slots[slot].fd, &none, sizeof none));
}

/* Every datagram tells who sent it and when. */
static void send_it(int slot) {
    char text[32];
    int length = snprintf(text, sizeof text, "%d from %d", step, slot);
    address to = target(slots[slot].domain);
    slots[slot].used = true;
    say_result("sendto", slot, sendto(slots[slot].fd, text, (size_t)length, 0, &to.any, to.length));
    clear_error(slot);
}

static void receive(int slot) {
    char data[64] = "", text[192], peer[96];
    address from = unwritten();
    long size = recvfrom(slots[slot].fd, data, sizeof data - 1, 0, &from.any, &from.length);
    if (size < 0) {
        say_result("recvfrom", slot, size);
        return;
    }
    describe(&from, peer, sizeof peer);
    snprintf(text, sizeof text, "\"%s\", %s", data, peer);
    say("recvfrom", slot, text);
    long result = sendto(slots[slot].fd, "answer", 6, 0, &from.any, from.length);
    say_result("answer", slot, result);
    clear_error(slot);
}

/* After exec a socket without a port may show what it is (docs/limits.md). */
static void names(int slot) {
    if (is_forgotten(slot) || (executes && slots[slot].port == 0 && !slots[slot].any_port))
        return;
    address own = unwritten(), peer = unwritten();
    char text[96];
    if (CHECK(getsockname(slots[slot].fd, &own.any, &own.length)) == 0)
        describe(&own, text, sizeof text);
    say("getsockname", slot, text);
    long result = getpeername(slots[slot].fd, &peer.any, &peer.length);
    if (result == 0)
        describe(&peer, text, sizeof text);
    say("getpeername", slot, result < 0 ? errno_name(errno) : text);
}

static void one_call(void) {
    int slot = (int)roll(SLOTS);
    unsigned which = roll(14);
    if (which < 1 || slots[slot].fd < 0)
        make(slot);
    else if (which < 3)
        bind_it(slot);
    else if (which == 3)
        connect_it(slot);
    else if (which == 4)
        disconnect(slot);
    else if (which < 9)
        send_it(slot);
    else if (which < 13)
        receive(slot);
    else
        names(slot);
}

int main(int argc, char **argv) {
    probe_start();
    /* AF_UNIX queues are short by default; this network namespace is the probe's own. */
    int queue = open("/proc/sys/net/unix/max_dgram_qlen", O_WRONLY);
    if (queue >= 0 && write(queue, "512", 3) == 3)
        close(queue);
    for (int i = 0; i < SLOTS; i++)
        slots[i].fd = -1;
    make_calls(argc, argv, one_call, (struct kept){slots, sizeof slots}, (struct kept){gone, sizeof gone});
    for (int i = 0; i < SLOTS; i++)
        remember_port(i);
    return 0;
}
