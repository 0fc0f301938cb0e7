/* Who accepts waits for nobody: a client whose server's queue is full is asked about again. */
#include "program/expose.h"

#define PATH_MOST 128
#define LISTENERS_MOST 1024
#define ACCEPTED_MOST 64 /* then it is the connections' turn */
#define WAITING_MOST 1024
#define ASK_AGAIN_MS 10

struct listener {
    int fd;                   /* 0: there is none */
    uint32_t life;            /* which one it is that has this place */
    struct unsock_ip address; /* of the real network */
    uint16_t port;            /* in the directory */
    char path[PATH_MOST];
};

struct waiting {
    int fd;
    unsigned number;
    uint32_t life;
    struct unsock_ip client;
};

static struct streams {
    const struct unsock_expose_options *options;
    long set;
    struct listener *listeners;
    struct waiting *waiting;
    unsigned waiting_count;
} streams;

bool unsock_expose_streams_start(long set, const struct unsock_expose_options *options) {
    streams = (struct streams){.options = options, .set = set};
    streams.listeners = unsock_map(LISTENERS_MOST * sizeof(*streams.listeners));
    streams.waiting = unsock_map(WAITING_MOST * sizeof(*streams.waiting));
    return streams.listeners && streams.waiting;
}

long unsock_expose_streams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address) {
    unsigned number = 0;
    while (number < LISTENERS_MOST && streams.listeners[number].fd > 0)
        number++;
    if (number == LISTENERS_MOST)
        return -EMFILE;
    struct listener *listener = &streams.listeners[number];
    struct unsock_text text = unsock_text_in(listener->path, sizeof(listener->path));
    unsock_text_put(&text, path);
    listener->address = streams.options->address;
    listener->address.port = port->real;
    listener->port = port->port;
    long fd = text.cut                   ? -ENAMETOOLONG
              : streams.options->is_in   ? unsock_expose_bind_inside(SOCK_STREAM, listener->path)
              : streams.options->control ? unsock_expose_listen_control(streams.options->control)
                                         : unsock_expose_listen_real(SOCK_STREAM, &listener->address);
    *address = listener->address;
    if (fd < 0)
        return fd;
    listener->fd = (int)fd;
    listener->life++;
    unsock_expose_watch(streams.set, EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_LISTENER, number);
    return number;
}

void unsock_expose_streams_close(unsigned number) {
    struct listener *listener = &streams.listeners[number];
    if (listener->fd <= 0)
        return;
    unsock_close(listener->fd);
    if (streams.options->is_in)
        unsock_prune(listener->path, 1); /* somebody may have the port by now */
    listener->fd = 0;
}

/* Returns 0, or -errno: -EAGAIN when the server's queue is full. */
static long lead_on(const struct listener *listener, int fd, const struct unsock_ip *client) {
    struct unsock_ip asked = listener->address;
    asked.port = listener->port;
    long other = streams.options->is_in ? unsock_expose_connect_real(SOCK_STREAM, &listener->address)
                                        : unsock_expose_connect_inside(listener->path, client, &asked);
    if (other == -EAGAIN)
        return other;
    bool is_in = streams.options->is_in;
    if (other < 0)
        unsock_connection_pair_reset(fd);
    else
        unsock_connection_pair_join(is_in ? (int)other : fd, is_in ? fd : (int)other);
    return UNSOCK_MIN(other, 0);
}

static bool lead_on_or_wait(unsigned number, int fd, const struct unsock_ip *client) {
    const struct listener *listener = &streams.listeners[number];
    long result = lead_on(listener, fd, client);
    if (result != -EAGAIN)
        return result == 0;
    if (streams.waiting_count == WAITING_MOST)
        unsock_connection_pair_reset(fd);
    else
        streams.waiting[streams.waiting_count++] = (struct waiting){fd, number, listener->life, *client};
    return true;
}

int64_t unsock_expose_streams_go_on(void) {
    unsigned left = 0;
    for (unsigned i = 0; i < streams.waiting_count; i++) {
        const struct waiting one = streams.waiting[i];
        const struct listener *listener = &streams.listeners[one.number];
        if (listener->fd <= 0 || listener->life != one.life)
            unsock_connection_pair_reset(one.fd);
        else if (lead_on(listener, one.fd, &one.client) == -EAGAIN)
            streams.waiting[left++] = one;
    }
    streams.waiting_count = left;
    return left > 0 ? ASK_AGAIN_MS : -1;
}

bool unsock_expose_streams_event(unsigned number) {
    struct timespec pause = {0, ASK_AGAIN_MS * 1000000L};
    bool reached = true;
    for (int i = 0; i < ACCEPTED_MOST && streams.listeners[number].fd > 0; i++) {
        union unsock_sockaddr name;
        uint32_t length = sizeof(name);
        struct unsock_ip client = {.family = 0};
        long fd = unsock_accept4(streams.listeners[number].fd, &name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
            unsock_nanosleep(&pause, NULL);
        if (fd < 0)
            break;
        /* Who is not of the network has the address that is asked, as with a control file. */
        if (!streams.options->is_in && !unsock_ip_read(&name, length, &client)) {
            client = streams.listeners[number].address;
            client.port = 0;
        }
        reached &= lead_on_or_wait(number, (int)fd, &client);
    }
    return reached;
}
