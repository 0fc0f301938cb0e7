/* One that a full queue does not take is held, and nothing more read, for 100 ms at most; then it is lost, as UDP may.
 */
#include "program/expose.h"

#include "calls/bind.h"
#include "calls/target.h"
#include "files/control_file.h"

#define SESSIONS_MOST 1024
#define SIZE_MOST 65536
#define TURNS_MOST 64 /* then it is others' turn */
#define HOLD_MS 100
#define RETRY_MS 1

struct session {
    struct unsock_standin standin; /* its socket, and the file of that */
    int fd;                        /* 0: there is none */
    const struct unsock_expose_open *port;
    uint32_t life; /* the port's */
    uint32_t length;
    union unsock_sockaddr client;
    int64_t last;
};

static struct session *sessions;
static bool is_used; /* there has been a client */
static uint8_t *answer;

bool unsock_expose_datagrams_start(void) {
    sessions = unsock_map(SESSIONS_MOST * sizeof(*sessions));
    answer = unsock_map(SIZE_MOST);
    return sessions && answer;
}

static void forget_session(struct session *session) {
    unsock_standin_undo(&session->standin, SOCK_DGRAM, 0);
    session->fd = 0;
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
    bool is_in = unsock_expose.options.is_in;
    long fd = is_in ? unsock_expose_connect_real(SOCK_DGRAM, &session->port->address)
                    : unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unsock_standin_take(&session->standin, (int)fd);
    long result = fd >= 0 && !is_in ? bind_client(session) : fd;
    if (result < 0)
        return unsock_standin_undo(&session->standin, SOCK_DGRAM, result);
    session->fd = (int)fd;
    is_used = true;
    unsock_expose_watch(EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_SESSION, (unsigned)(session - sessions));
    return 0;
}

/* The client's, a free one, or that of who has been idle the longest. NULL: it cannot be had. */
static struct session *session_of(const struct unsock_expose_open *port, const union unsock_sockaddr *client,
                                  uint32_t length) {
    struct session *oldest = sessions;
    for (unsigned i = 0; i < SESSIONS_MOST; i++) {
        struct session *one = &sessions[i];
        if (one->fd > 0 && one->port == port && one->life == port->life && one->length == length &&
            unsock_same_bytes(&one->client, client, length))
            return one;
        if (oldest->fd > 0 && (one->fd == 0 || one->last < oldest->last))
            oldest = one;
    }
    if (oldest->fd > 0)
        forget_session(oldest);
    oldest->port = port;
    oldest->life = port->life;
    oldest->length = length;
    memcpy(&oldest->client, client, sizeof(*client));
    return open_session(oldest) == 0 ? oldest : NULL;
}

/* Returns 0 or -errno: -EAGAIN, the server's queue is full; -ECONNREFUSED, nobody is there. */
static long send_on(const struct unsock_expose_open *port, const struct session *session, uint32_t size) {
    struct unsock_control_file control;
    if (unsock_expose.options.is_in)
        return UNSOCK_MIN(unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, NULL, 0), 0);
    long result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, &port->file, sizeof(port->file));
    if (result == -ECONNREFUSED && unsock_control_file_read(port->file.sun_path, &control) == 0 &&
        unsock_target_family(&control) == AF_UNIX)
        result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, control.dest, control.dest_length);
    return UNSOCK_MIN(result, 0);
}

static void hold_datagram(unsigned number, struct unsock_expose_open *port, unsigned session, uint32_t size,
                          int64_t until) {
    port->held_session = session;
    port->held_size = size;
    port->held_until = until;
    unsock_expose_watch(EPOLL_CTL_MOD, port->fd, until == 0 ? EPOLLIN : 0, UNSOCK_EXPOSE_PORT, number);
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
    const struct unsock_expose_open *port;
    struct unsock_ip ip;
    if (unsock_expose.options.is_in || !unsock_ip_read(client, length, &ip))
        return false;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++) {
        if (port->fd > 0 && port->type == SOCK_DGRAM && port->address.port == ip.port &&
            (unsock_ip_same_address(&port->address, &ip) || (unsock_ip_is_wildcard(&port->address) && is_local(ip))))
            return true;
    }
    return false;
}

bool unsock_expose_datagrams_event(unsigned number, struct unsock_expose_open *port) {
    bool reached = true;
    if (!port->buffer && !(port->buffer = unsock_map(SIZE_MOST)))
        return true;
    for (int i = 0; i < TURNS_MOST && port->fd > 0 && port->held_until == 0; i++) {
        union unsock_sockaddr client;
        uint32_t length = sizeof(client);
        memset(&client, 0, sizeof(client));
        long size = unsock_recvfrom(port->fd, port->buffer, SIZE_MOST, 0, &client, &length);
        if (size < 0)
            break;
        if (is_own_port(&client, length))
            continue;
        struct session *session = session_of(port, &client, UNSOCK_MIN(length, (uint32_t)sizeof(client)));
        if (!session)
            continue;
        session->last = unsock_clock_ms();
        long result = send_on(port, session, (uint32_t)size);
        if (result == -EAGAIN)
            hold_datagram(number, port, (unsigned)(session - sessions), (uint32_t)size, session->last + HOLD_MS);
        reached &= result != -ECONNREFUSED;
    }
    return reached;
}

void unsock_expose_datagrams_answer(unsigned number) {
    struct session *session = &sessions[number];
    bool is_open = session->fd > 0 && unsock_expose_is_open(session->port, session->life);
    for (int i = 0; i < TURNS_MOST && is_open; i++) {
        long size = unsock_recvfrom(session->fd, answer, SIZE_MOST, 0, NULL, NULL);
        if (size < 0)
            break;
        session->last = unsock_clock_ms();
        unsock_sendto(session->port->fd, answer, size, MSG_NOSIGNAL, &session->client, session->length);
    }
}

static int64_t go_on_with(unsigned number, struct unsock_expose_open *port, int64_t now) {
    const struct session *session = &sessions[port->held_session];
    if (port->fd <= 0 || port->held_until == 0)
        return -1;
    if (session->fd > 0 && now < port->held_until && send_on(port, session, port->held_size) == -EAGAIN)
        return RETRY_MS;
    hold_datagram(number, port, 0, 0, 0);
    return -1;
}

int64_t unsock_expose_datagrams_go_on(void) {
    struct unsock_expose_open *port;
    if (!is_used)
        return -1;
    int64_t now = unsock_clock_ms(), idle = (int64_t)unsock_expose.options.idle * 1000, next = -1;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++)
        next = unsock_sooner(next, go_on_with(i, port, now));
    for (struct session *session = sessions; session < sessions + SESSIONS_MOST; session++) {
        if (session->fd == 0)
            continue;
        if (now - session->last >= idle || !unsock_expose_is_open(session->port, session->life))
            forget_session(session);
        else
            next = unsock_sooner(next, session->last + idle - now);
    }
    return next;
}
