/* Replaces a descriptor's socket in several steps: by a stand-in, which is opened, perhaps bound, and installed or
 * undone. */
#include "calls/bind.h"

#include "files/release.h"
#include "memory/process.h"
#include "options/options.h"
#include "replace/replace.h"
#include "rules/errno.h"

void unsock_standin_take(struct unsock_standin *standin, int socket) {
    standin->socket = socket;
    standin->in_place = standin->named = false;
    standin->flags = -1;
    standin->bind.how = UNSOCK_BOUND_FILE;
    standin->bind.spent = false;
    standin->bind.path.sun_path[0] = '\0';
}

long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry) {
    bool in_place = unsock_fd_can_be_named(entry);
    long flags = -1, socket = in_place ? fd : unsock_redirect_open_like(fd, AF_UNIX, entry->type, &flags);
    unsock_standin_take(standin, (int)socket);
    standin->flags = flags;
    standin->in_place = in_place;
    return socket < 0 ? socket : 0;
}

struct unsock_bind *unsock_standin_bind(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                        const struct unsock_ip *ip) {
    struct unsock_bind *bind = &standin->bind;
    memset(bind, 0, sizeof(*bind)); /* not by a literal, which would be on the stack, too */
    bind->socket = standin->socket;
    bind->type = entry->type;
    bind->domain = entry->domain;
    bind->ip = *ip;
    bind->v6only = entry->domain == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    bind->reuseport = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
    bind->reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    return bind;
}

/* A name tells the address, but not that an IPv6 socket has an IPv4 one: the mark tells that to who inherits it. */
long unsock_standin_bound(struct unsock_standin *standin, long result) {
    const struct unsock_bind *bind = &standin->bind;
    standin->named = result == 0 && (bind->how == UNSOCK_BOUND_FILE || bind->how == UNSOCK_BOUND_WAITING);
    bool told = bind->ip.family == AF_INET6 && bind->tag != UNSOCK_NAME_TAG_PLAIN;
    if (standin->named && bind->domain == AF_INET6 && !told)
        unsock_socket_mark_set(bind->socket, 0, UNSOCK_MARK_INET6);
    return unsock_errno_as_ip(UNSOCK_AT_BIND, result);
}

/* Notes in the entry that the socket is bound to a file. */
static void remember_bind(struct unsock_fd *entry, const struct unsock_bind *bind, enum unsock_state state) {
    unsock_fd_enter(entry, state);
    unsock_fds_mark(entry, UNSOCK_NAMED | UNSOCK_FILE | (state == UNSOCK_STATE_NAMED ? 0 : UNSOCK_BOUND) |
                               (bind->how == UNSOCK_BOUND_WAITING ? UNSOCK_STREAM_UNLISTED : 0));
    entry->local = bind->ip;
    entry->local.tag = bind->tag;
    unsock_fd_file(entry)->inode = 0;
}

void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry) {
    if (!standin->bind.spent || !standin->in_place)
        return;
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    unsock_fds_mark(entry, UNSOCK_NAMED);
}

long unsock_standin_close(struct unsock_standin *standin, long result) {
    if (!standin->in_place && standin->socket >= 0)
        unsock_close(standin->socket);
    standin->socket = -1;
    return result;
}

long unsock_standin_undo(struct unsock_standin *standin, int type, long result) {
    struct unsock_fd unused = {.kind = UNSOCK_KIND_LOCAL, .type = (uint8_t)type};
    unsock_standin_close(standin, result);
    if (!standin->named)
        return result;
    standin->named = false;
    remember_bind(&unused, &standin->bind, UNSOCK_STATE_BOUND);
    unsock_release_file(&unused);
    return result;
}

long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_kind kind,
                            enum unsock_state state) {
    int type = entry->type;
    if (!standin->in_place) {
        int socket = standin->socket;
        standin->socket = -1; /* the exchange closes it */
        long result = unsock_redirect_install_like(fd, entry, socket, kind, standin->flags);
        if (result < 0)
            return unsock_standin_undo(standin, type, result);
    }
    if (standin->named) {
        remember_bind(entry, &standin->bind, state);
        unsock_fds_note_file(fd);
        unsock_this_process_note_bound(fd, true);
    }
    return 0;
}

/* Binds the new socket of a reserved stream to the old one's port: to another name, as the old one still has its own.
 * If another socket has taken the port, the stream keeps its address alone. */
static void reserve_port(struct unsock_standin *standin, int fd, const struct unsock_fd *entry) {
    struct unsock_ip local = unsock_fd_bound_to(entry);
    struct unsock_port_entry own;
    if (entry->kind != UNSOCK_KIND_LOCAL || !unsock_fd_has_chosen_port(entry) || unsock_fd_is_handed(entry))
        return;
    local.tag = 0;
    struct unsock_bind *bind = unsock_standin_bind(standin, fd, entry, &local);
    bind->in_place_of = (entry->flags & UNSOCK_FILE) && unsock_port_own(entry, &own) ? &own : NULL;
    unsock_standin_bound(standin, unsock_bind_port(bind));
    if (standin->named || !standin->bind.spent)
        return;
    unsock_standin_close(standin, 0);
    unsock_standin_take(standin, (int)unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0));
}

/*
 * A stream bound to a port of the program's choice keeps it, and can listen or connect again. (haproxy makes room for
 * its successor that way, and comes back if that fails.) The new socket has a name before the old one loses its own:
 * the port is never free in between.
 */
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
    long result = unsock_standin_install(&standin, fd, entry, UNSOCK_KIND_LOCAL, UNSOCK_STATE_RESERVED);
    if (result < 0) {
        unsock_fds_mark(entry, old.flags & UNSOCK_FILE);
        return result;
    }
    if (has_file && !unsock_remove_file_force(&old))
        unsock_remove_file_keep(&old, true);
    /* Other sockets may be bound beside this one: before it listens it must come forward (unsock_port_come_forward). */
    if (standin.named && has_file)
        unsock_fds_mark(entry, UNSOCK_STREAM_UNLISTED);
    if (standin.named)
        return 0;
    unsock_fd_enter(entry, UNSOCK_STATE_RESERVED);
    unsock_fds_mark(entry, UNSOCK_BOUND);
    entry->local = unsock_fd_bound_to(&old);
    entry->local.tag = 0;
    return 0;
}

/* Closes the waiting clients, which TCP resets. After a shutdown accept does not wait for more. */
static void drop_clients(int fd) {
    long client = 0;
    while (client >= 0) {
        client = unsock_accept4(fd, NULL, NULL, SOCK_CLOEXEC);
        unsock_close_open(client);
    }
}

/*
 * Shuts a listener down. Threads that wait in accept wake up, and get EINVAL. A non-blocking accept would return
 * EAGAIN, and an edge-triggered set reports the shutdown only once: so the listener blocks from before the shutdown on.
 */
static void end_listener(int socket) {
    long flags = unsock_fcntl(socket, F_GETFL, 0);
    bool nonblocking = flags >= 0 && (flags & O_NONBLOCK);
    if (nonblocking)
        unsock_fcntl(socket, F_SETFL, (unsigned long)flags & ~(unsigned long)O_NONBLOCK);
    if (unsock_shutdown(socket, SHUT_RDWR) == 0)
        drop_clients(socket);
    else if (nonblocking) /* it still listens: accept would wait */
        unsock_fcntl(socket, F_SETFL, (unsigned long)flags);
}

/* In TCP the socket stays bound, and does not listen. So a socket that has never listened replaces it. Then the old one
 * is shut down, as other processes may have it. */
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

/* Ends a connection for its peer, and for other processes that have it, too. One way at a time: AF_TIPC refuses that,
 * and its close resets, as in TCP. */
static void end_connection(long socket) {
    unsock_shutdown(socket, SHUT_WR);
    unsock_shutdown(socket, SHUT_RD);
}

long unsock_stream_end(int fd, struct unsock_fd *entry) {
    bool stays = entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry);
    if (stays && entry->state == UNSOCK_STATE_LISTENING)
        return unsock_listener_end(fd, entry);
    long old = unsock_state_is_connected(entry->state) ? unsock_redirect_copy(fd) : -1;
    long result = stays ? unsock_stream_reserve(fd, entry) : unsock_redirect_to_new(fd, entry);
    if (result == 0 && old >= 0)
        end_connection(old);
    unsock_close_open(old);
    return result;
}

/* Sockets from a service manager, on their way to the descriptor that binds their port. */

/* Makes a duplicate of `handed` the stand-in. Checks the duplicate: another thread may have closed `handed` and reused
 * its number. */
static long take_handed(struct unsock_standin *standin, int fd, int type, int handed, const struct sockaddr_un *name,
                        socklen_t length) {
    long copy = unsock_fcntl(handed, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return copy == -EBADF ? -EADDRINUSE : unsock_errno_as_ip(UNSOCK_AT_OPEN, copy);
    unsock_standin_take(standin, (int)copy);
    if (!unsock_listen_fds_is((int)copy, type, name, length))
        return unsock_standin_close(standin, -EADDRINUSE);
    unsock_files_made();
    /* Status flags belong to the socket. If another descriptor uses the socket, its flags are copied to `fd`, else
     * those of `fd` to it. */
    bool used = unsock_listen_fds_is_used((int)copy, type);
    long flags = unsock_fcntl(used ? copy : fd, F_GETFL, 0);
    if (flags >= 0)
        flags = unsock_fcntl(used ? fd : copy, F_SETFL, flags);
    if (flags < 0)
        return unsock_standin_close(standin, flags);
    if (type == SOCK_DGRAM) {
        unsock_send_limit_open((int)copy);
        unsock_socket_refuse_descriptors((int)copy);
    }
    return 0;
}

UNSOCK_OWN_FRAME long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin) {
    struct unsock_bind bound = standin->bind;
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(bound.path.sun_path) + 1);
    long result = take_handed(standin, fd, entry->type, bound.share, &bound.path, length);
    if (result == 0)
        result = unsock_standin_install(standin, fd, entry, UNSOCK_KIND_LOCAL, UNSOCK_STATE_BOUND);
    standin->bind = bound;
    if (result < 0)
        return result;
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    unsock_fds_mark(entry, UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE);
    unsock_fds_note_file(fd);
    entry->local = bound.ip;
    entry->local.tag = UNSOCK_NAME_TAG_LISTEN_FDS;
    /* The service manager's path does not hold the IP address. */
    unsigned mark = (entry->domain == AF_INET6 ? UNSOCK_MARK_INET6 : 0) |
                    (bound.ip.family == AF_INET6 ? UNSOCK_MARK_IPV6 : 0) |
                    (unsock_ip_is_wildcard(&bound.ip) ? UNSOCK_MARK_WILDCARD : 0);
    unsock_socket_mark_replace(fd, mark);
    return 0;
}

UNSOCK_OWN_FRAME long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd,
                                                    const struct unsock_fd *entry, const void *address,
                                                    socklen_t length, const struct unsock_ip *ip) {
    struct sockaddr_un name;
    struct unsock_bind bind = {.type = entry->type};
    unsock_standin_close(standin, 0);
    if (length > sizeof(name))
        return -EADDRINUSE;
    if (ip)
        bind.ip = *ip;
    memcpy(&name, address, length);
    bind.reuseport = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
    bind.v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    long handed = unsock_listen_fds_find(&bind, &name, length);
    return handed < 0 ? -EADDRINUSE : take_handed(standin, fd, entry->type, (int)handed, &name, length);
}
