/* shutdown of listeners, connections and datagram sockets. */
#include "calls/list.h"

#include "calls/bind.h"
#include "calls/stream.h"
#include "kernel/log.h"
#include "replace/replace.h"

#include <linux/poll.h>

/* Shuts down a listener at a control file's target. Removes the listener's file if no other process has the socket. */
static long shut_elsewhere(int fd, struct unsock_fd *entry, int how) {
    long result = unsock_shutdown(fd, how);
    if (result < 0 || how == SHUT_WR)
        return result;
    result = unsock_stream_reserve(fd, entry);
    unsock_fds_tell_duplicates(fd);
    return result;
}

static long shut_listener(int fd, struct unsock_fd *entry, int how, bool handed) {
    if (how != SHUT_RD && how != SHUT_RDWR)
        return unsock_shutdown(fd, how);
    return handed ? unsock_stream_reserve(fd, entry) : unsock_listener_end(fd, entry);
}

/* Shuts down a connection. Sets the mark first, as a thread that the shutdown wakes reads the mark. */
static long shut_connection(int fd, struct unsock_fd *entry, int how) {
    static const unsigned marks[] = {UNSOCK_END_SHUT_READ, UNSOCK_END_SHUT_WRITE,
                                     UNSOCK_END_SHUT_READ | UNSOCK_END_SHUT_WRITE};
    if (how < SHUT_RD || how > SHUT_RDWR || unsock_sandboxed)
        return unsock_shutdown(fd, how);
    unsigned mark = unsock_socket_mark(fd), added = marks[how];
    int events = unsock_socket_poll(fd, POLLRDHUP);
    if (unsock_end_is_over(fd, mark, events))
        return -ENOTCONN;
    /* The peer has shut down writing already: this shutdown ends the connection. */
    if (how == SHUT_RDWR && !(mark & UNSOCK_END_SHUT_READ) && (events & POLLRDHUP))
        added |= UNSOCK_END_OVER;
    unsock_socket_mark_set(fd, mark, added);
    /* After a shutdown in TCP, the next connect returns EISCONN, not 0 for the new connection (inet_shutdown). */
    if (entry->state == UNSOCK_STATE_CONNECTING && (entry->kind == UNSOCK_KIND_LOCAL || unsock_socket_writable(fd)))
        unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    return unsock_shutdown(fd, how);
}

/* Shuts down both directions of a TIPC or vsock connection. A later read would fail with ENOTCONN on AF_TIPC, and may
 * do so on AF_VSOCK once the peer closes. So replaces the connection by an AF_UNIX stream whose peer has closed. */
static long shut_both(int fd, struct unsock_fd *entry) {
    long result = shut_connection(fd, entry, SHUT_RDWR);
    if (result == 0 && !unsock_sandboxed)
        unsock_reset_install(fd, entry, false);
    return result;
}

/* Shuts down a connection to a control file's target. AF_TIPC has no half-close. A vsock multiplexer takes a client's
 * half-close for the end of the connection, and the reply is lost. So the control file decides (unsock_target_mark)
 * whether the half-close is held back until the socket is closed, or passed on. */
static long shut_foreign(int fd, struct unsock_fd *entry, int how) {
    if (how < SHUT_RD || how > SHUT_RDWR)
        return unsock_shutdown(fd, how);
    long family = unsock_socket_option(fd, SO_DOMAIN);
    bool tipc = family == UNSOCK_AF_TIPC;
    unsigned mark = unsock_socket_mark(fd);
    if (how == SHUT_WR && ((mark & UNSOCK_MARK_HALF_CLOSE) != 0) != tipc) {
        unsock_socket_mark_set(fd, mark, UNSOCK_END_SHUT_WRITE);
        unsock_fds_mark_all(fd, entry, UNSOCK_STREAM_HELD);
        return unsock_log("shutdown (held back until close)", fd, NULL, NULL, 0);
    }
    /* TCP does not tell the peer that this side reads no more; AF_TIPC's shutdown would end the connection. */
    if (tipc && how == SHUT_RD && !(mark & UNSOCK_END_SHUT_WRITE)) {
        unsock_stream_note_over(fd);
        return 0;
    }
    if (tipc || (family == UNSOCK_AF_VSOCK && how == SHUT_RDWR))
        return shut_both(fd, entry);
    return shut_connection(fd, entry, how);
}

/* True for a stream that neither listens nor has connected. TCP returns ENOTCONN, and the stream can still listen and
 * get clients. AF_UNIX would keep the shutdown, and refuse every client. */
static bool shuts_nothing(const struct unsock_fd *entry, int how) {
    return entry->type == SOCK_STREAM &&
           unsock_state_in(entry->state,
                           UNSOCK_STATE_BIT(NEW) | UNSOCK_STATE_BIT(BOUND) | UNSOCK_STATE_BIT(RESERVED)) &&
           how >= SHUT_RD && how <= SHUT_RDWR;
}

long unsock_call_shutdown(int fd, int how) {
    struct unsock_whose whose;
    const struct unsock_fd *known = unsock_fds_known(fd);
    unsigned still = known && known->state == UNSOCK_STATE_LISTENING ? UNSOCK_ASK_STILL : 0;
    long owner = unsock_whose(fd, still | UNSOCK_ASK_KERNEL, &whose);
    if (owner < 0)
        return owner;
    struct unsock_fd *entry = whose.entry;
    bool listens = entry->state == UNSOCK_STATE_LISTENING; /* also one inherited by exec */
    bool foreign = owner == UNSOCK_IS_OURS && entry->kind == UNSOCK_KIND_FOREIGN;
    if (foreign && listens && unsock_fd_has_file(entry))
        return shut_elsewhere(fd, entry, how);
    bool connected = unsock_state_is_connected(entry->state), bound = foreign && !listens && !connected;
    if (foreign && entry->type == SOCK_STREAM && connected)
        return shut_foreign(fd, entry, how);
    /* `handed`: a service manager has the socket, too, and needs the socket for the next server. */
    bool handed = unsock_fd_is_handed(entry) || (!connected && unsock_listen_fds_is_behind(fd));
    if (entry->kind != UNSOCK_KIND_LOCAL && !handed && !bound)
        return unsock_shutdown(fd, how);
    if (listens)
        return shut_listener(fd, entry, how, handed);
    if (connected && entry->type == SOCK_STREAM)
        return shut_connection(fd, entry, how);
    bool nothing = shuts_nothing(entry, how);
    long another = nothing ? unsock_reuse_look(fd) : 0;
    if (another < 0 || (nothing && another == 0))
        return another < 0 ? another : -ENOTCONN;
    /* Does not shut down a service manager's socket: it could never receive again, while a UDP socket still could. */
    long result = handed ? 0 : unsock_shutdown(fd, how);
    if (result < 0)
        return result;
    return another > 0 || unsock_state_is_connected(entry->state) || unsock_reuse_look(fd) > 0 ? result : -ENOTCONN;
}
