/* One that a full queue does not take is held, and nothing more read, for 100 ms at most; then it is lost, as UDP may.
 */
#include "program/expose.h"

#include "calls/bind.h"
#include "calls/target.h"
#include "files/control_file.h"

#define PATH_MOST 128
#define PORTS_MOST 1024
#define SESSIONS_MOST 1024
#define SIZE_MOST 65536
#define TURNS_MOST 64 /* then it is others' turn */
#define HOLD_MS 100
#define RETRY_MS 1

struct port {
    int fd;                   /* 0: there is none */
    struct unsock_ip address; /* of the real network */
    char path[PATH_MOST];     /* of the server in the directory, or of this port there */
    unsigned held_session;
    uint32_t held_size;
    int64_t held_until; /* 0: nothing is held */
    uint8_t *buffer;
};

struct session {
    struct unsock_standin standin; /* its socket, and the file of that */
    int fd;                        /* 0: there is none */
    unsigned port;
    uint32_t length;
    union unsock_sockaddr client;
    int64_t last;
};

static struct datagrams {
    const struct unsock_expose_options *options;
    long set;
    struct port *ports;
    unsigned port_count; /* so many places have been used */
    struct session *sessions;
    uint8_t *answer;
} datagrams;

bool unsock_expose_datagrams_start(long set, const struct unsock_expose_options *options) {
    datagrams = (struct datagrams){.options = options, .set = set};
    datagrams.ports = unsock_map(PORTS_MOST * sizeof(*datagrams.ports));
    datagrams.sessions = unsock_map(SESSIONS_MOST * sizeof(*datagrams.sessions));
    datagrams.answer = unsock_map(SIZE_MOST);
    return datagrams.ports && datagrams.sessions && datagrams.answer;
}

long unsock_expose_datagrams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address) {
    struct sockaddr_un name;
    unsigned number = 0;
    while (number < PORTS_MOST && datagrams.ports[number].fd > 0)
        number++;
    if (number == PORTS_MOST)
        return -EMFILE;
    struct port *own = &datagrams.ports[number];
    if (!unsock_expose_name_inside(path, &name))
        return -ENAMETOOLONG;
    memcpy(own->path, path, strlen(path) + 1);
    own->address = datagrams.options->address;
    own->address.port = port->real;
    own->held_until = 0;
    if (!own->buffer)
        own->buffer = unsock_map(SIZE_MOST);
    long fd = !own->buffer               ? -ENOMEM
              : datagrams.options->is_in ? unsock_expose_bind_inside(SOCK_DGRAM, own->path)
                                         : unsock_expose_listen_real(SOCK_DGRAM, &own->address);
    *address = own->address;
    if (fd < 0)
        return fd;
    own->fd = (int)fd;
    if (number == datagrams.port_count)
        datagrams.port_count++;
    unsock_expose_watch(datagrams.set, EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_DATAGRAMS, number);
    return number;
}

static void forget(struct session *session) {
    unsock_standin_undo(&session->standin, SOCK_DGRAM, 0);
    session->fd = 0;
}

void unsock_expose_datagrams_close(unsigned number) {
    struct port *port = &datagrams.ports[number];
    if (port->fd <= 0)
        return;
    for (unsigned i = 0; i < SESSIONS_MOST; i++) {
        if (datagrams.sessions[i].fd > 0 && datagrams.sessions[i].port == number)
            forget(&datagrams.sessions[i]);
    }
    unsock_close(port->fd);
    if (datagrams.options->is_in)
        unsock_prune(port->path, 1); /* somebody may have the port by now */
    port->fd = 0;
}

void unsock_expose_datagrams_end(void) {
    for (unsigned i = 0; i < datagrams.port_count; i++)
        unsock_expose_datagrams_close(i);
}

/*
 * In the directory it is a client that was not bound, as the server's addresses may not cover the true one, and an
 * answer would leave by the real network. It has the true port, where nobody else has that.
 */
static long bind_client(struct session *session) {
    struct unsock_ip client = {.family = AF_INET};
    unsock_ip_read(&session->client, session->length, &client);
    session->standin.bind = (struct unsock_bind){.socket = session->standin.socket,
                                                 .type = SOCK_DGRAM,
                                                 .domain = client.family,
                                                 .ip = {.family = client.family, .port = client.port},
                                                 .open_to_all = true};
    return unsock_standin_bound(&session->standin, unsock_bind_client(&session->standin.bind));
}

static long open_session(struct session *session) {
    const struct port *port = &datagrams.ports[session->port];
    bool is_in = datagrams.options->is_in;
    long fd = is_in ? unsock_expose_connect_real(SOCK_DGRAM, &port->address)
                    : unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unsock_standin_take(&session->standin, (int)fd);
    long result = fd >= 0 && !is_in ? bind_client(session) : fd;
    if (result < 0)
        return unsock_standin_undo(&session->standin, SOCK_DGRAM, result);
    session->fd = (int)fd;
    unsock_expose_watch(datagrams.set, EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_SESSION,
                        (unsigned)(session - datagrams.sessions));
    return 0;
}

/* The client's, a free one, or that of who has been idle the longest. NULL: it cannot be had. */
static struct session *session_of(unsigned port, const union unsock_sockaddr *client, uint32_t length) {
    struct session *oldest = datagrams.sessions;
    for (unsigned i = 0; i < SESSIONS_MOST; i++) {
        struct session *one = &datagrams.sessions[i];
        if (one->fd > 0 && one->port == port && one->length == length &&
            unsock_same_bytes(&one->client, client, length))
            return one;
        if (oldest->fd > 0 && (one->fd == 0 || one->last < oldest->last))
            oldest = one;
    }
    if (oldest->fd > 0)
        forget(oldest);
    oldest->port = port;
    oldest->length = length;
    memcpy(&oldest->client, client, sizeof(*client));
    return open_session(oldest) == 0 ? oldest : NULL;
}

/* Returns 0 or -errno: -EAGAIN, the server's queue is full; -ECONNREFUSED, nobody is there. */
static long send_on(const struct port *port, const struct session *session, uint32_t size) {
    struct sockaddr_un name;
    struct unsock_control_file control;
    if (datagrams.options->is_in)
        return UNSOCK_MIN(unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, NULL, 0), 0);
    unsock_expose_name_inside(port->path, &name);
    long result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, &name, sizeof(name));
    if (result == -ECONNREFUSED && unsock_control_file_read(port->path, &control) == 0 &&
        unsock_target_family(&control) == AF_UNIX)
        result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, control.dest, control.dest_length);
    return UNSOCK_MIN(result, 0);
}

static void hold(unsigned number, unsigned session, uint32_t size, int64_t until) {
    struct port *port = &datagrams.ports[number];
    port->held_session = session;
    port->held_size = size;
    port->held_until = until;
    unsock_expose_watch(datagrams.set, EPOLL_CTL_MOD, port->fd, until == 0 ? EPOLLIN : 0, UNSOCK_EXPOSE_DATAGRAMS,
                        number);
}

static bool is_local(struct unsock_ip ip) {
    union unsock_sockaddr name;
    ip.port = 0;
    socklen_t size = unsock_ip_write(&ip, ip.family, &name);
    long fd = unsock_socket(ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    long result = fd < 0 ? fd : unsock_bind(fd, &name, size);
    unsock_close_open(fd);
    return result == 0;
}

/*
 * True if the datagram's source is one of the ports that are exposed here. Only a forged datagram has such a source.
 * The answer to it would be the next question, and so on without end, in the way of all other clients.
 */
static bool is_own_port(const union unsock_sockaddr *client, uint32_t length) {
    struct unsock_ip ip;
    if (datagrams.options->is_in || !unsock_ip_read(client, length, &ip))
        return false;
    for (unsigned i = 0; i < datagrams.port_count; i++) {
        const struct port *port = &datagrams.ports[i];
        if (port->fd > 0 && port->address.port == ip.port &&
            (unsock_ip_same_address(&port->address, &ip) || (unsock_ip_is_wildcard(&port->address) && is_local(ip))))
            return true;
    }
    return false;
}

bool unsock_expose_datagrams_event(unsigned number) {
    struct port *port = &datagrams.ports[number];
    bool reached = true;
    for (int i = 0; i < TURNS_MOST && port->fd > 0 && port->held_until == 0; i++) {
        union unsock_sockaddr client;
        uint32_t length = sizeof(client);
        memset(&client, 0, sizeof(client));
        long size = unsock_recvfrom(port->fd, port->buffer, SIZE_MOST, 0, &client, &length);
        if (size < 0)
            break;
        if (is_own_port(&client, length))
            continue;
        struct session *session = session_of(number, &client, UNSOCK_MIN(length, (uint32_t)sizeof(client)));
        if (!session)
            continue;
        session->last = unsock_clock_ms();
        long result = send_on(port, session, (uint32_t)size);
        if (result == -EAGAIN)
            hold(number, (unsigned)(session - datagrams.sessions), (uint32_t)size, session->last + HOLD_MS);
        reached &= result != -ECONNREFUSED;
    }
    return reached;
}

void unsock_expose_datagrams_answer(unsigned number) {
    struct session *session = &datagrams.sessions[number];
    for (int i = 0; i < TURNS_MOST && session->fd > 0; i++) {
        long size = unsock_recvfrom(session->fd, datagrams.answer, SIZE_MOST, 0, NULL, NULL);
        if (size < 0)
            break;
        session->last = unsock_clock_ms();
        unsock_sendto(datagrams.ports[session->port].fd, datagrams.answer, size, MSG_NOSIGNAL, &session->client,
                      session->length);
    }
}

static int64_t go_on_with(unsigned number, int64_t now) {
    struct port *port = &datagrams.ports[number];
    const struct session *session = &datagrams.sessions[port->held_session];
    if (port->fd <= 0 || port->held_until == 0)
        return -1;
    if (session->fd > 0 && now < port->held_until && send_on(port, session, port->held_size) == -EAGAIN)
        return RETRY_MS;
    hold(number, 0, 0, 0);
    return -1;
}

int64_t unsock_expose_datagrams_go_on(void) {
    if (datagrams.port_count == 0)
        return -1;
    int64_t now = unsock_clock_ms(), idle = (int64_t)datagrams.options->idle * 1000, next = -1;
    for (unsigned i = 0; i < datagrams.port_count; i++)
        next = unsock_expose_sooner(next, go_on_with(i, now));
    for (unsigned i = 0; i < SESSIONS_MOST; i++) {
        struct session *session = &datagrams.sessions[i];
        if (session->fd == 0)
            continue;
        if (now - session->last >= idle)
            forget(session);
        else
            next = unsock_expose_sooner(next, session->last + idle - now);
    }
    return next;
}
