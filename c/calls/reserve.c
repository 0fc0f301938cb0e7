/* Reserves the port of a bound stream: a new socket keeps it after a shutdown, a disconnect or a failed connect. */
#include "calls/bind.h"

#include "files/release.h"
#include "replace/replace.h"

/* Binds the new socket of a reserved stream to the old socket's port. The new file needs another name, as the old
 * socket still has its own. If another socket has taken the port, only the stream's entry keeps the address. */
static void reserve_port(struct unsock_standin *standin, int fd, const struct unsock_fd *entry) {
    struct unsock_ip local = unsock_fd_bound_to(entry);
    struct unsock_port_entry own;
    if (entry->kind != UNSOCK_KIND_LOCAL || !unsock_fd_has_chosen_port(entry) || unsock_fd_is_handed(entry))
        return;
    local.tag = 0;
    struct unsock_bind *bind = unsock_standin_bind(standin, fd, entry, &local);
    unsock_port_own(entry, &own);
    bind->in_place_of = entry->flags & UNSOCK_FILE ? &own : NULL;
    unsock_standin_bound(standin, unsock_bind_port(bind));
    if (standin->named || !standin->bind.spent)
        return;
    unsock_standin_close(standin, 0);
    unsock_standin_take(standin, (int)unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0));
}

/* The new socket has a name before the old one loses its own, so the port is never free in between. (haproxy makes room
 * for its successor by a shutdown, and listens again if the successor fails.) */
UNSOCK_OWN_FRAME long unsock_stream_reserve(int fd, struct unsock_fd *entry) {
    struct unsock_fd old = *entry;
    bool has_file = old.kind == UNSOCK_KIND_LOCAL && (old.flags & UNSOCK_FILE);
    struct unsock_standin standin;
    unsock_standin_take(&standin, (int)unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0));
    if (standin.socket >= 0)
        reserve_port(&standin, fd, &old);
    if (standin.socket < 0)
        return standin.socket;
    if (has_file)
        unsock_fds_unmark(entry, UNSOCK_FILE);
    long result = unsock_standin_install(&standin, fd, entry, UNSOCK_STATE_RESERVED);
    if (result < 0) {
        unsock_fds_mark(entry, old.flags & UNSOCK_FILE);
        return result;
    }
    if (has_file && !unsock_remove_file_force(&old))
        unsock_remove_file_keep(&old, true);
    /* Other sockets may bind this address: to listen again, the stream needs unsock_port_come_forward. */
    if (standin.named && has_file)
        unsock_fds_mark(entry, UNSOCK_STREAM_UNLISTED);
    if (standin.named)
        return 0;
    struct unsock_ip local = unsock_fd_bound_to(&old);
    local.tag = 0;
    unsock_fd_become(fd, entry, UNSOCK_STATE_RESERVED, UNSOCK_BOUND, &local);
    return 0;
}

/* Shuts a listener down, and closes the connections that wait to be accepted: TCP would reset them. Makes the listener
 * blocking first, so that threads in accept get EINVAL. After EAGAIN they would wait in their epoll sets, and an
 * edge-triggered set reports a shutdown only once. */
static void end_listener(int socket) {
    long flags = unsock_fcntl(socket, F_GETFL, 0);
    bool nonblocking = flags >= 0 && (flags & O_NONBLOCK);
    if (nonblocking)
        unsock_fcntl(socket, F_SETFL, (unsigned long)flags & ~(unsigned long)O_NONBLOCK);
    bool shut = unsock_shutdown(socket, SHUT_RDWR) == 0;
    if (!shut && nonblocking) /* it still listens: accept would wait */
        unsock_fcntl(socket, F_SETFL, (unsigned long)flags);
    for (long client = 0; shut && client >= 0; unsock_close_open(client))
        client = unsock_accept4(socket, NULL, NULL, SOCK_CLOEXEC);
}

/* In TCP a listener stays bound after a shutdown. So first replaces the old socket by one that has never listened. Then
 * shuts the old socket down, since other processes may have it, too. */
long unsock_listener_end(int fd, struct unsock_fd *entry) {
    long old = unsock_redirect_copy(fd);
    long reserved = old < 0 ? old : unsock_stream_reserve(fd, entry);
    end_listener(old < 0 ? fd : (int)old);
    unsock_close_open(old);
    if (reserved < 0)
        unsock_fd_enter(entry, UNSOCK_STATE_RESERVED);
    unsock_fds_tell_duplicates(fd);
    return 0;
}

long unsock_stream_end(int fd, struct unsock_fd *entry) {
    bool stays = entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry);
    if (stays && entry->state == UNSOCK_STATE_LISTENING)
        return unsock_listener_end(fd, entry);
    long old = unsock_state_is_connected(entry->state) ? unsock_redirect_copy(fd) : -1;
    long result = stays ? unsock_stream_reserve(fd, entry) : unsock_redirect_to_new(fd, entry);
    /* Ends the connection for its peer, and for other processes that share it: one direction at a time. AF_TIPC refuses
     * to end one direction alone: the close below then resets the connection, as in TCP. */
    for (int how = SHUT_WR; result == 0 && old >= 0 && how >= SHUT_RD; how--)
        unsock_shutdown(old, how);
    unsock_close_open(old);
    return result;
}
