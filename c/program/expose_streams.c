/* Accepting waits for no server: if a server's queue is full, its client is tried again. */
#include "program/expose.h"

#define ACCEPTED_MOST 64 /* then it is the connections' turn */
#define WAITING_MOST 1024
#define ASK_AGAIN_MS 10

static struct waiting {
    int fd;
    const struct unsock_expose_open *port;
    uint32_t life;
    struct unsock_ip client;
} *waiting;
static unsigned waiting_count;

bool unsock_expose_streams_start(void) {
    waiting = unsock_map(WAITING_MOST * sizeof(*waiting));
    return waiting;
}

/* Returns 0, or -errno: -EAGAIN when the server's queue is full. */
static long lead_on(const struct unsock_expose_open *port, int fd, const struct unsock_ip *client) {
    bool is_in = unsock_expose.options.is_in;
    struct unsock_ip asked = port->address;
    asked.port = port->port;
    long other = is_in ? unsock_expose_connect_real(SOCK_STREAM, &port->address)
                       : unsock_expose_connect_inside(&port->file, client, &asked);
    if (other == -EAGAIN)
        return other;
    if (other < 0)
        unsock_connection_pair_reset(fd);
    else
        unsock_connection_pair_join(is_in ? (int)other : fd, is_in ? fd : (int)other);
    return UNSOCK_MIN(other, 0);
}

static bool lead_on_or_wait(const struct unsock_expose_open *port, int fd, const struct unsock_ip *client) {
    long result = lead_on(port, fd, client);
    if (result != -EAGAIN)
        return result == 0;
    if (waiting_count == WAITING_MOST)
        unsock_connection_pair_reset(fd);
    else
        waiting[waiting_count++] = (struct waiting){fd, port, port->life, *client};
    return true;
}

int64_t unsock_expose_streams_go_on(void) {
    unsigned left = 0;
    for (unsigned i = 0; i < waiting_count; i++) {
        const struct waiting one = waiting[i];
        if (!unsock_expose_is_open(one.port, one.life))
            unsock_connection_pair_reset(one.fd);
        else if (lead_on(one.port, one.fd, &one.client) == -EAGAIN)
            waiting[left++] = one;
    }
    waiting_count = left;
    return left > 0 ? ASK_AGAIN_MS : -1;
}

bool unsock_expose_streams_event(const struct unsock_expose_open *port) {
    struct timespec pause = {0, ASK_AGAIN_MS * 1000000L};
    bool reached = true;
    for (int i = 0; i < ACCEPTED_MOST && port->fd > 0; i++) {
        union unsock_sockaddr name;
        uint32_t length = sizeof(name);
        struct unsock_ip client = {.family = 0};
        long fd = unsock_accept4(port->fd, &name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
            unsock_nanosleep(&pause, NULL);
        if (fd < 0)
            break;
        /* A client without an IP address, as with --control, gets the port's address. */
        if (!unsock_expose.options.is_in && !unsock_ip_read(&name, length, &client)) {
            client = port->address;
            client.port = 0;
        }
        reached &= lead_on_or_wait(port, (int)fd, &client);
    }
    return reached;
}
