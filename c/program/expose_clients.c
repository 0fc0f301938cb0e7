/* Connects the clients of exposed ports to their servers. Accepting never waits for a server: a connect to a full queue
 * is retried. A port with a datagram for a full queue receives no other datagram, and drops this one after 100 ms. */
#include "program/expose.h"

#include "calls/bind.h"
#include "calls/connect.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "rules/control.h"
#include "rules/settings.h"

#include <linux/tcp.h>

#define TURNS_MOST 64  /* steps of one port or session; then others get their turn */
#define FULL_MOST 1024 /* clients that may wait for full queues */
#define WAITING_MOST 65536
#define ASK_AGAIN_MS 10
#define SESSIONS_MOST 1024
#define SIZE_MOST 65536
#define HOLD_MS 100
#define RETRY_MS 1

/* A TCP client that waits: the server's queue is full, or a multiplexer has not answered. */
static struct waiting {
    int fd;
    int inside; /* the connection to the multiplexer; 0: the queue is full */
    const struct unsock_expose_port *port;
    uint32_t life; /* the port's */
    bool holds;    /* the client's half-close is held back */
    struct unsock_ip client;
    struct unsock_firecracker asked;
} *waiting;
static unsigned waiting_count;

static struct session {
    struct unsock_standin standin; /* its socket on the other side, and that socket's file */
    int fd;                        /* 0: this element is free */
    const struct unsock_expose_port *port;
    uint32_t life; /* the port's */
    uint32_t length;
    union unsock_sockaddr client;
    int64_t last; /* when a datagram last passed, in milliseconds */
} *sessions;
static bool has_sessions; /* a session was opened at least once */
static uint8_t *answer;

bool unsock_expose_clients_start(void) {
    waiting = unsock_map(WAITING_MOST * sizeof(*waiting));
    sessions = unsock_map(SESSIONS_MOST * sizeof(*sessions));
    answer = unsock_map(SIZE_MOST);
    return waiting && sessions && answer;
}

/* Connects to the port on the real network. Returns a socket whose connect may still be in progress, or -errno. */
static long connect_real(const struct unsock_expose_port *port) {
    int yes = 1;
    union unsock_sockaddr name;
    socklen_t size = unsock_ip_write(&port->address, port->address.family, &name);
    long fd = unsock_socket(port->address.family, port->type | UNSOCK_SOCK_FLAGS, 0);
    unsock_setsockopt((int)fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    long result = fd < 0 ? fd : unsock_connect(fd, &name, size);
    return unsock_opened(fd, result == -EINPROGRESS ? 0 : result);
}

static long connect_control(struct waiting *one) {
    struct unsock_control_file control;
    one->asked.deadline = unsock_clock_ms() + unsock_settings.connect_timeout_ms;
    if (unsock_control_file_read(one->port->file.sun_path, &control) < 0)
        return -ECONNREFUSED;
    one->holds = unsock_control_holds_half_close(&control);
    long fd = unsock_target_connect_new(&control, &one->asked, 0);
    if (!(control.options & UNSOCK_CONTROL_FIRECRACKER) || (fd < 0 && fd != -ETIMEDOUT))
        return fd;
    /* Waits for the multiplexer's answer; if its queue is full, retries later, as with any server. */
    one->inside = fd < 0 ? 0 : (int)fd;
    if (fd >= 0)
        unsock_expose_watch(EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_ASKED, (unsigned)fd);
    return -EAGAIN;
}

/* Connects to the server at the port's file, or to a control file's target. Binds the socket to a name from which a
 * server under unsock reads the client's address, and the address to which the client connected. Returns the socket or
 * -errno. -EAGAIN: the client must wait. */
static long connect_inside(struct waiting *one) {
    const struct unsock_expose_port *port = one->port;
    struct unsock_ip source = one->client, asked = port->address;
    asked.port = port->port;
    long fd = unsock_socket(AF_UNIX, SOCK_STREAM | UNSOCK_SOCK_FLAGS, 0);
    if (fd < 0)
        return fd;
    /* If another client in the directory has this name, the bind fails, and the server sees no address. */
    unsock_client_name_bind((int)fd, &source, &asked);
    long result = unsock_connect(fd, &port->file, sizeof(port->file));
    if (result == 0)
        return fd;
    unsock_close(fd);
    return result == -ECONNREFUSED ? connect_control(one) : result;
}

/* Joins a client and its server. Returns 0; -EAGAIN: the client must wait; another -errno: it has been reset. */
static long lead_on(struct waiting *one) {
    bool is_in = unsock_expose.is_in;
    long other = is_in ? connect_real(one->port) : connect_inside(one);
    if (other >= 0)
        unsock_connection_pair_join(is_in ? (int)other : one->fd, is_in ? one->fd : (int)other, one->holds);
    else if (other != -EAGAIN)
        unsock_connection_pair_reset(one->fd);
    return UNSOCK_MIN(other, 0);
}

static void give_up(const struct waiting *one) {
    unsock_connection_pair_reset(one->fd);
    if (one->inside > 0)
        unsock_close(one->inside);
}

/* Reads the multiplexer's answer, which precedes data. True if it is incomplete; else joins or resets the client. */
static bool awaits_answer(struct waiting *one) {
    long result = unsock_firecracker_answer(one->inside, &one->asked);
    if (result == 0) {
        unsock_expose_watch(EPOLL_CTL_DEL, one->inside, 0, UNSOCK_EXPOSE_ASKED, 0);
        unsock_connection_pair_join(one->fd, one->inside, one->holds);
    } else if (result != -EINPROGRESS) {
        give_up(one);
    }
    return result == -EINPROGRESS;
}

void unsock_expose_clients_asked(int inside) {
    unsigned i = 0;
    while (i < waiting_count && waiting[i].inside != inside)
        i++;
    if (i < waiting_count && !awaits_answer(&waiting[i]))
        waiting[i] = waiting[--waiting_count];
}

static int64_t go_on_with_waiting(void) {
    int64_t now = waiting_count > 0 ? unsock_clock_ms() : 0, next = -1;
    unsigned left = 0;
    for (struct waiting *one = waiting; one < waiting + waiting_count; one++) {
        if (!unsock_expose_is_open(one->port, one->life)) {
            give_up(one);
        } else if (one->inside > 0 ? now < one->asked.deadline || awaits_answer(one) : lead_on(one) == -EAGAIN) {
            next = unsock_sooner(next, one->inside > 0 ? one->asked.deadline - now : ASK_AGAIN_MS);
            waiting[left++] = *one;
        }
    }
    waiting_count = left;
    return next;
}

/* True if this client may wait. A client that waits for a guest's answer counts toward WAITING_MOST, not FULL_MOST. */
static bool may_wait(const struct waiting *one) {
    unsigned full = 0;
    for (unsigned i = 0; i < waiting_count; i++)
        full += waiting[i].inside == 0;
    return waiting_count < WAITING_MOST && (one->inside > 0 || full < FULL_MOST);
}

/* Accepts one connection. Returns 1 if none was accepted, -errno if its server cannot be reached, and else 0. */
static long take_connection(const struct unsock_expose_port *port) {
    union unsock_sockaddr name;
    uint32_t length = sizeof(name);
    struct waiting one = {.port = port, .life = port->life};
    long fd = unsock_accept4(port->fd, &name, &length, UNSOCK_SOCK_FLAGS);
    if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM || fd == -ENOBUFS)
        unsock_pause(ASK_AGAIN_MS * UNSOCK_MILLISECOND_NS);
    if (fd < 0)
        return 1;
    one.fd = (int)fd;
    /* A client without an IP address, as with --control, gets the port's address. */
    if (!unsock_expose.is_in && !unsock_ip_read(&name, length, &one.client)) {
        one.client = port->address;
        one.client.port = 0;
    }
    long result = lead_on(&one);
    if (result != -EAGAIN)
        return result;
    if (may_wait(&one))
        waiting[waiting_count++] = one;
    else
        give_up(&one);
    return 0;
}

static void forget_session(struct session *session) {
    unsock_standin_undo(&session->standin, SOCK_DGRAM, 0);
    session->fd = 0;
}

/* Binds the session's socket in the directory to a wildcard address and, if free, the client's port. The client's true
 * address is perhaps not covered (UNSOCK_ADDR): then the server's replies to it would go to the real network. */
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
    bool is_in = unsock_expose.is_in;
    long fd = is_in ? connect_real(session->port) : unsock_socket(AF_UNIX, SOCK_DGRAM | UNSOCK_SOCK_FLAGS, 0);
    unsock_standin_take(&session->standin, (int)fd);
    long result = fd >= 0 && !is_in ? bind_client(session) : fd;
    if (result < 0)
        return unsock_standin_undo(&session->standin, SOCK_DGRAM, result);
    session->fd = (int)fd;
    has_sessions = true;
    unsock_expose_watch(EPOLL_CTL_ADD, fd, EPOLLIN, UNSOCK_EXPOSE_SESSION, (unsigned)(session - sessions));
    return 0;
}

/* Returns the client's session. If there is none, opens one: in a free element, or else in place of the session that
 * has been idle longest. NULL: the session's socket could not be opened. */
static struct session *session_of(const struct unsock_expose_port *port, const union unsock_sockaddr *client,
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

/* Sends the datagram in the port's buffer. Returns 0 or -errno; -EAGAIN: full queue; -ECONNREFUSED: no server. */
static long send_on(const struct unsock_expose_port *port, const struct session *session, uint32_t size) {
    struct unsock_control_file control;
    if (unsock_expose.is_in)
        return UNSOCK_MIN(unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, NULL, 0), 0);
    long result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, &port->file, sizeof(port->file));
    if (result == -ECONNREFUSED && unsock_control_file_read(port->file.sun_path, &control) == 0 &&
        unsock_target_family(&control) == AF_UNIX)
        result = unsock_sendto(session->fd, port->buffer, size, MSG_NOSIGNAL, control.dest, control.dest_length);
    return UNSOCK_MIN(result, 0);
}

static void hold_datagram(unsigned number, struct unsock_expose_port *port, unsigned session, uint32_t size,
                          int64_t until) {
    port->held_session = session;
    port->held_size = size;
    port->held_until = until;
    unsock_expose_watch(EPOLL_CTL_MOD, port->fd, until == 0 ? EPOLLIN : 0, UNSOCK_EXPOSE_PORT, number);
}

static bool is_local(struct unsock_ip ip) {
    union unsock_sockaddr name;
    ip.port = 0;
    UNSOCK_CLOSED long fd = unsock_socket(ip.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && unsock_bind(fd, &name, unsock_ip_write(&ip, ip.family, &name)) == 0;
}

/* True if the datagram's source is a port that this process exposes: only a forged datagram can have such a source. The
 * server's reply would arrive at that port as a new request, and so on without end. */
static bool is_own_port(const union unsock_sockaddr *client, uint32_t length) {
    const struct unsock_expose_port *port;
    struct unsock_ip ip;
    if (unsock_expose.is_in || !unsock_ip_read(client, length, &ip))
        return false;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++) {
        if (port->fd > 0 && port->type == SOCK_DGRAM && port->address.port == ip.port &&
            (unsock_ip_same_address(&port->address, &ip) || (unsock_ip_is_wildcard(&port->address) && is_local(ip))))
            return true;
    }
    return false;
}

/* Receives one datagram and sends it to the server. Returns 0 if the datagram was sent, held or dropped, -ECONNREFUSED
 * if there is no server, and 1 if no datagram was received. */
static long take_datagram(unsigned number, struct unsock_expose_port *port) {
    union unsock_sockaddr client;
    uint32_t length = sizeof(client);
    memset(&client, 0, sizeof(client));
    if (port->held_until != 0 || (!port->buffer && !(port->buffer = unsock_map(SIZE_MOST))))
        return 1;
    long size = unsock_recvfrom(port->fd, port->buffer, SIZE_MOST, 0, &client, &length);
    if (size < 0)
        return 1;
    if (is_own_port(&client, length))
        return 0;
    struct session *session = session_of(port, &client, UNSOCK_MIN(length, (uint32_t)sizeof(client)));
    if (!session)
        return 0;
    session->last = unsock_clock_ms();
    long result = send_on(port, session, (uint32_t)size);
    if (result == -EAGAIN)
        hold_datagram(number, port, (unsigned)(session - sessions), (uint32_t)size, session->last + HOLD_MS);
    return result == -ECONNREFUSED ? result : 0;
}

bool unsock_expose_clients_event(unsigned number, struct unsock_expose_port *port) {
    bool reached = true;
    long result = 0;
    for (int i = 0; i < TURNS_MOST && port->fd > 0 && result <= 0; i++) {
        result = port->type == SOCK_DGRAM ? take_datagram(number, port) : take_connection(port);
        reached &= result >= 0;
    }
    return reached;
}

void unsock_expose_clients_answer(unsigned number) {
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

static int64_t go_on_with_held(unsigned number, struct unsock_expose_port *port, int64_t now) {
    const struct session *session = &sessions[port->held_session];
    if (port->fd <= 0 || port->held_until == 0)
        return -1;
    if (session->fd > 0 && now < port->held_until && send_on(port, session, port->held_size) == -EAGAIN)
        return RETRY_MS;
    hold_datagram(number, port, 0, 0, 0);
    return -1;
}

int64_t unsock_expose_clients_go_on(void) {
    struct unsock_expose_port *port;
    int64_t next = go_on_with_waiting(), now = has_sessions ? unsock_clock_ms() : 0;
    for (unsigned i = 0; has_sessions && (port = unsock_expose_port_at(i)); i++)
        next = unsock_sooner(next, go_on_with_held(i, port, now));
    for (struct session *session = sessions; has_sessions && session < sessions + SESSIONS_MOST; session++) {
        if (session->fd == 0)
            continue;
        if (now - session->last >= unsock_expose.idle || !unsock_expose_is_open(session->port, session->life))
            forget_session(session);
        else
            next = unsock_sooner(next, session->last + unsock_expose.idle - now);
    }
    return next;
}
