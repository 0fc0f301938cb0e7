/* Connects stream sockets to covered addresses. Tries, in this order:
 *
 *   the control file, if this process last found one at the port   connect_by_control
 *   the name that worked last, then the names of the port          unsock_port_go (calls/connect.h)
 *   the network, if no name exists and UNSOCK_FALLBACK is set      connect_stream_to_ip
 *   a control file, if nobody accepted at the name                 connect_refused */
#include "calls/arguments.h"
#include "calls/bind.h"
#include "calls/connect.h"
#include "calls/stream.h"
#include "calls/target.h"
#include "files/control_file.h"
#include "kernel/log.h"
#include "replace/replace.h"
#include "rules/errno.h"

#define FULL_WAIT_FIRST_NS 50000
#define FULL_WAIT_MOST_NS 200000000

struct attempt {
    int fd;
    int socket; /* the socket that connects: the descriptor's own, or one to replace it */
    struct unsock_fd *entry;
    struct unsock_ip source;
    struct unsock_ip target;
    struct sockaddr_un path;
    struct unsock_port_search search;
    bool nonblocking;
    uint32_t bound; /* UNSOCK_BOUND, UNSOCK_ANY_PORT, UNSOCK_SETTLED: the flags that the entry gets again */
};

/* Returns the client's address: the one that the program bound; the default address with the bound port, if the program
 * bound a wildcard or another family; else the default address with port 0, for which name_client chooses a port. */
static struct unsock_ip source_of(int fd, const struct unsock_fd *entry, const struct unsock_ip *target) {
    struct unsock_ip bound = entry->local;
    if (!(entry->flags & UNSOCK_BOUND) || (entry->kind == UNSOCK_KIND_IP && unsock_call_own_ip(fd, &bound) < 0))
        return unsock_address_default(target->family, 0);
    if (unsock_ip_is_wildcard(&bound) || bound.family != target->family)
        return unsock_address_default(target->family, bound.port);
    return bound;
}

/* Gives the connecting socket the name from which the server reads the client's address. If the program bound port 0,
 * the library chose a port before it knew the server: if another client of that server has the port, chooses anew. */
static long name_client(struct attempt *attempt) {
    long result = unsock_client_name_bind(attempt->socket, &attempt->source, &attempt->target);
    if (result != -EADDRNOTAVAIL || !(attempt->entry->flags & UNSOCK_ANY_PORT))
        return result;
    attempt->source.port = 0;
    return unsock_client_name_bind(attempt->socket, &attempt->source, &attempt->target);
}

/* Connects to the search's path. On the program's own blocking descriptor, the kernel waits while the backlog is full,
 * up to SO_SNDTIMEO; a thread cancelled meanwhile leaves nothing behind. The connect of a stand-in never waits. */
static long connect_to_path(const struct unsock_port_search *search) {
    const struct attempt *attempt = search->attempt;
    if (attempt->socket == attempt->fd)
        return unsock_real_connect(attempt->fd, search->path, search->length);
    return unsock_connect(attempt->socket, search->path, search->length);
}

/* Retries a non-blocking connect while the server's backlog is full. TCP would go on trying in the background. Here the
 * caller waits a little, and gets TCP's final result; or -EBADF, if another thread has closed the descriptor. */
static long retry_full(const struct attempt *attempt) {
    struct timespec pause = {0, FULL_WAIT_FIRST_NS};
    uint64_t cookie = unsock_socket_cookie(attempt->fd);
    long result = -EAGAIN;
    for (long waited = 0; result == -EAGAIN && waited < FULL_WAIT_MOST_NS;
         waited += pause.tv_nsec, pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        result = connect_to_path(&attempt->search);
    }
    if (unsock_socket_cookie(attempt->fd) != cookie)
        return -EBADF;
    return result == -EAGAIN ? -ETIMEDOUT : result;
}

/* Notes that the stream is connected. A non-blocking TCP connect returns EINPROGRESS first, even if the connection is
 * made at once, then 0, then EISCONN. Some programs know only this order (mosquitto's bridge). */
static long connected(struct attempt *attempt) {
    unsock_fd_become(attempt->fd, attempt->entry,
                     attempt->nonblocking ? UNSOCK_STATE_CONNECTING : UNSOCK_STATE_CONNECTED,
                     UNSOCK_NAMED | attempt->bound, &attempt->source);
    unsock_bit_set(unsock_fds_client_ports, attempt->source.port);
    *unsock_fd_remote(attempt->entry) = attempt->target;
    unsock_born_note_target(AF_UNIX);
    return attempt->nonblocking ? -EINPROGRESS : 0;
}

/* Continues a connect that no socket has accepted: the file may be a control file. */
UNSOCK_OWN_FRAME static long connect_refused(struct attempt *attempt, long result) {
    long answers;
    if (result == -ENOENT && unsock_settings.fallback)
        return UNSOCK_TARGET_FALLBACK;
    if (!unsock_resolve_is_worth_it(result) || unsock_port_is_own_path(&attempt->path))
        return unsock_errno_as_ip(UNSOCK_AT_CONNECT, result);
    long there = unsock_target_connect(attempt->fd, attempt->entry, attempt->path.sun_path, &attempt->target, &answers);
    if (answers == UNSOCK_ANSWERS_CONTROL)
        return there;
    return answers == -EINVAL || answers == -EACCES ? answers : result;
}

/* Continues after a connect of the program's own descriptor. Only such a connect may wait in the kernel: if a signal or
 * a cancelled thread ended the wait of a stand-in, the stand-in would stay open. */
static long after_own_connect(struct attempt *attempt, long result) {
    if (result == -EAGAIN) /* SO_SNDTIMEO ended the wait */
        return -EINPROGRESS;
    if (result < 0)
        return connect_refused(attempt, result);
    result = connected(attempt);
    /* The unconnected socket was writable already: edge-triggered sets would not report the connection. */
    unsock_epoll_rearm(attempt->fd, attempt->entry);
    return result;
}

/* Notes that the descriptor's own socket has its client's name: the socket can connect, but cannot be named again. */
static void become_client(struct unsock_fd *entry) {
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    unsock_fds_mark(entry, UNSOCK_NAMED);
}

/* Connects the descriptor's own AF_UNIX socket, if it can be named. Otherwise connects another socket, which then
 * replaces the descriptor's, so that a bound socket keeps its port if the connect is refused. If the backlog is full, a
 * blocking connect waits after the replacement, on the program's own descriptor. */
static long connect_by_name(struct attempt *attempt) {
    struct unsock_fd *entry = attempt->entry;
    bool in_place = unsock_fd_can_be_named(entry);
    bool may_block = in_place && !(entry->flags & UNSOCK_STREAM_NONBLOCKING);
    long nonblocking = may_block ? 0 : unsock_socket_nonblocking(attempt->fd);
    if (nonblocking < 0)
        return nonblocking;
    long socket = in_place ? attempt->fd : unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0);
    if (socket < 0)
        return socket;
    attempt->socket = (int)socket;
    attempt->nonblocking = nonblocking;
    long result = name_client(attempt);
    if (result < 0)
        return in_place ? result : unsock_opened(socket, result);
    if (in_place)
        become_client(entry);
    result = unsock_port_go(&attempt->search);
    if (result == -EAGAIN && nonblocking)
        result = retry_full(attempt);
    if (in_place)
        return after_own_connect(attempt, result);
    if (result < 0 && result != -EAGAIN)
        return connect_refused(attempt, unsock_opened(socket, result));
    long installed = unsock_redirect_install(attempt->fd, entry, attempt->socket, UNSOCK_KIND_LOCAL);
    if (installed < 0 || result == 0)
        return installed < 0 ? installed : connected(attempt);
    attempt->socket = attempt->fd;
    become_client(entry);
    return after_own_connect(attempt, unsock_port_go(&attempt->search));
}

/* If this process last found a control file at the port, connects by the control file, without trying a socket file
 * first, and returns true. Otherwise, or if the control file is gone, returns false without a connect. */
static bool connect_by_control(struct attempt *attempt, long *result) {
    long answers;
    if (unsock_known_port(&attempt->target, SOCK_STREAM) != UNSOCK_KNOWN_CONTROL)
        return false;
    unsock_address_path(attempt->target.port, SOCK_STREAM, &attempt->path);
    *result = unsock_target_connect(attempt->fd, attempt->entry, attempt->path.sun_path, &attempt->target, &answers);
    if (answers != UNSOCK_ANSWERS_CONTROL)
        unsock_known_port_note(&attempt->target, SOCK_STREAM, UNSOCK_KNOWN_NOTHING);
    return answers == UNSOCK_ANSWERS_CONTROL;
}

UNSOCK_OWN_FRAME static long connect_stream_to_ip(const struct attempt *attempt) {
    union unsock_sockaddr address;
    struct unsock_fd *entry = attempt->entry;
    long result = unsock_redirect_to_ip(attempt->fd, entry);
    if (result < 0)
        return result;
    socklen_t length = unsock_ip_write(&attempt->target, entry->domain, &address);
    return unsock_real_connect(attempt->fd, &address, length);
}

/* Handles connect on a stream that counts as connected. Returns 0, -EISCONN, -EALREADY, or the first connect's error;
 * -ECONNABORTED if SO_ERROR has reported that error (__inet_stream_connect, net/ipv4/af_inet.c). */
UNSOCK_OWN_FRAME static long connect_again(int fd, struct unsock_fd *entry) {
    union unsock_sockaddr peer;
    if (unsock_asking(fd))
        return unsock_asking_connect(fd, entry);
    bool foreign = entry->kind == UNSOCK_KIND_FOREIGN && entry->state == UNSOCK_STATE_CONNECTING;
    bool decided = foreign && unsock_socket_writable(fd);
    if (!foreign || unsock_socket_name(fd, __NR_getpeername, &peer) != -ENOTCONN) {
        bool first = entry->state == UNSOCK_STATE_CONNECTING; /* connect has not reported the connection yet */
        unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
        return first ? 0 : -EISCONN;
    }
    if (!decided)
        return -EALREADY;
    long error = unsock_socket_option(fd, SO_ERROR);
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    return error > 0 ? unsock_errno_as_ip(UNSOCK_AT_ERROR, -error) : -ECONNABORTED;
}

long unsock_stream_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *target) {
    struct attempt attempt; /* not zeroed, as its path is long */
    attempt.fd = attempt.socket = fd;
    attempt.entry = entry;
    attempt.target = *target;
    attempt.nonblocking = false;
    attempt.bound = entry->flags & (UNSOCK_BOUND | UNSOCK_ANY_PORT | UNSOCK_SETTLED);
    if ((entry->flags & UNSOCK_BOUND) && unsock_ip_is_wildcard(&entry->local))
        attempt.bound |= UNSOCK_SETTLED;
    if (unsock_fd_is_refused(entry))
        return unsock_refusal_tell(fd, entry);
    if (unsock_state_is_connected(entry->state))
        return connect_again(fd, entry);
    if (entry->state == UNSOCK_STATE_LISTENING)
        return -EISCONN;
    attempt.source = source_of(fd, entry, &attempt.target);
    attempt.path.sun_path[0] = '\0'; /* no name has been tried */
    attempt.search = (struct unsock_port_search){.target = &attempt.target, .type = SOCK_STREAM, .path = &attempt.path};
    attempt.search.way = connect_to_path;
    attempt.search.attempt = &attempt;
    long result = -ECONNREFUSED;
    if (target->port == 0 || connect_by_control(&attempt, &result))
        attempt.nonblocking = (result == -ECONNREFUSED || result == -ETIMEDOUT) && unsock_socket_nonblocking(fd) == 1;
    else
        result = connect_by_name(&attempt);
    result =
        result == UNSOCK_TARGET_FALLBACK ? connect_stream_to_ip(&attempt) : unsock_errno_as_ip(UNSOCK_AT_STEP, result);
    /* The log shows success if the connection exists, even if the program first gets EINPROGRESS. */
    bool there = result == -EINPROGRESS && entry->kind == UNSOCK_KIND_LOCAL && unsock_state_is_connected(entry->state);
    if (attempt.path.sun_path[0] == '\0')
        unsock_address_path(target->port, SOCK_STREAM, &attempt.path);
    unsock_log("connect", fd, target, &attempt.path, there ? 0 : result);
    if (attempt.nonblocking && (result == -ECONNREFUSED || result == -ETIMEDOUT))
        return unsock_refusal_tell_later(fd, entry, attempt.target.family, result);
    /* `replaced`: a control file's socket has replaced the bound one, and the new socket's connect has failed. */
    bool bound = result < 0 && (attempt.bound & UNSOCK_BOUND), replaced = bound && unsock_fd_is_fresh(entry);
    if (replaced)
        unsock_fds_mark(entry, attempt.bound);
    /* Gives back a port that the program did not choose (tcp_set_state); after a replacement, reserves a chosen one. */
    if (replaced || (bound && result == -ECONNREFUSED && (entry->flags & UNSOCK_ANY_PORT)))
        unsock_stream_end(fd, entry);
    return result;
}
