/* Connects datagram sockets. */
#include "calls/arguments.h"
#include "calls/datagram.h"
#include "files/bind.h"
#include "files/control_file.h"
#include "files/port.h"
#include "kernel/log.h"
#include "replace/replace.h"
#include "rules/control.h"
#include "rules/errno.h"

/* The flags about the file to which a socket is bound. */
#define FILE_FLAGS (UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE)

static long connect_datagram_to_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    union unsock_sockaddr address;
    long result = unsock_redirect_to_ip(fd, entry);
    return result < 0 ? result : unsock_real_connect(fd, &address, unsock_ip_write(ip, entry->domain, &address));
}

static bool is_listener(const struct unsock_fd *entry, const struct unsock_fd *other) {
    return other->kind == UNSOCK_KIND_LOCAL && other->type == SOCK_DGRAM && other->local.port == entry->local.port &&
           !unsock_state_is_connected(other->state);
}

/* Puts the socket `standin` behind a descriptor. `file` is the entry that describes the socket's file. */
static long take_standin(int fd, struct unsock_fd *entry, int standin, const struct unsock_fd *file) {
    struct unsock_fd before = *entry;
    unsock_fds_unmark(entry, UNSOCK_FILE); /* the old socket lives on elsewhere, and keeps its file */
    long result = unsock_redirect_install(fd, entry, standin, UNSOCK_KIND_LOCAL);
    if (result < 0) {
        unsock_fds_mark(entry, before.flags & UNSOCK_FILE);
        return result;
    }
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    unsock_fds_mark(entry, (file->flags & FILE_FLAGS) | (before.flags & (UNSOCK_ANY_PORT | UNSOCK_SETTLED)));
    unsock_fds_note_file(fd);
    entry->local = before.local;
    entry->local.tag = file->local.tag;
    unsock_fd_file(entry)->inode = unsock_state_has_remote(file->state) ? 0 : unsock_fd_file(file)->inode;
    return 0;
}

void unsock_datagram_note_settled(const struct unsock_fd *entry, bool settled) {
    struct sockaddr_un path;
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    if (entry->kind != UNSOCK_KIND_LOCAL || !unsock_fd_has_chosen_port(entry) || unsock_fd_is_handed(entry) ||
        !unsock_ip_is_wildcard(&bound))
        return;
    unsock_port_own_path(entry, &path);
    unsock_file_settled_note(path.sun_path, settled);
}

static void disconnect_from_peer(int fd) {
    static const struct sockaddr_un nobody = {.sun_family = AF_UNSPEC};
    unsock_connect(fd, &nobody, sizeof(nobody.sun_family));
}

/* Connects `other` to its client at `path`, and exchanges the kernel sockets of both descriptors, by duplicates. Status
 * flags belong to a socket, not to a descriptor: both descriptors get their own back. -EPERM: it is not its client. */
static long take_client(int fd, struct unsock_fd *entry, int other, struct unsock_fd *listener,
                        const struct sockaddr_un *path) {
    struct unsock_fd own = *entry, its = *listener;
    long own_flags = unsock_fcntl(fd, F_GETFL, 0);
    long its_flags = unsock_fcntl(other, F_GETFL, 0);
    long own_copy = unsock_redirect_copy(fd);
    long its_copy = unsock_redirect_copy(other);
    long way_back = unsock_redirect_copy(other);
    long result = own_copy < 0 || its_copy < 0 || way_back < 0 ? -EMFILE : 0;
    /* The kernel lets only that socket connect to the client to which the client is connected. */
    if (result == 0 && unsock_connect(other, path, UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1) < 0)
        result = -EPERM;
    if (result == 0 && unsock_state_has_remote(own.state)) {
        /* The listener gets this socket and its file. */
        disconnect_from_peer(fd);
        unsock_datagram_note_settled(entry, false);
    }
    if (result < 0)
        unsock_close(own_copy);
    else if ((result = take_standin(other, listener, (int)own_copy, &own)) < 0)
        disconnect_from_peer(other);
    if (result < 0) {
        unsock_close(its_copy);
        unsock_close(way_back);
        return result;
    }
    result = take_standin(fd, entry, (int)its_copy, &its);
    if (result == 0)
        unsock_close(way_back);
    else if (take_standin(other, listener, (int)way_back, &its) == 0)
        disconnect_from_peer(other);
    unsock_fcntl(other, F_SETFL, its_flags);
    unsock_fcntl(fd, F_SETFL, own_flags);
    return result;
}

/*
 * Connects `fd` to the client at `path`, whose socket has refused it (EPERM): the client is connected to the listening
 * socket of this process on the same port, and will go on sending to it. So the two descriptors exchange their kernel
 * sockets: `fd` gets the listener's, with the client; the listener gets that of `fd`, for all other clients.
 *
 * Returns 0 if connected; -EPERM if no client is connected to a listener; -EADDRNOTAVAIL if several are: all but this
 * one would be cut off. After that error, or without descriptors, a server goes on serving this client by the listener.
 * Both are asked before: a disconnect drops all that the listener has not read, and its peer gets ECONNRESET.
 */
static long connect_per_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path) {
    long result = -EPERM;
    for (int other = -1; (other = unsock_fds_next_with_file(other + 1)) >= 0;) {
        struct unsock_fd *listener = unsock_fds_known(other);
        if (!listener || other == fd || !is_listener(entry, listener) ||
            unsock_socket_cookie(other) == unsock_socket_cookie(fd))
            continue;
        int peers = unsock_socket_peers(other);
        if (peers != 0)
            result = -EADDRNOTAVAIL;
        long taken = peers == 1 ? take_client(fd, entry, other, listener, path) : -EPERM;
        if (taken != -EPERM)
            return taken;
    }
    return result;
}

/* True if a control file is there to refuse: otherwise its target may come later, as over UDP. */
UNSOCK_OWN_FRAME static bool is_refusing(const struct sockaddr_un *path) {
    struct unsock_control_file control;
    return unsock_control_file_read(path->sun_path, &control) == 0 && unsock_control_refuses(&control);
}

/* Tries the other ways to the peer after a connect to `path` failed with `result`. */
UNSOCK_OWN_FRAME static long connect_other(int fd, struct unsock_fd *entry, const struct unsock_ip *ip,
                                           const struct sockaddr_un *path, long result) {
    long there;
    if (result == -EPERM) {
        result = connect_per_client(fd, entry, path);
        if (result == 0)
            unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_CONNECTED);
        if (result != -EPERM)
            return result;
    }
    if (unsock_resolve_is_worth_it(result)) {
        if (unsock_datagram_connect_by_control(fd, entry, path, ip, &there) &&
            (!unsock_errno_is_nobody(there) || is_refusing(path)))
            return there;
        result = there < 0 ? there : result;
    }
    /* EPERM: the peer is connected to another socket. For this one that counts as an absent peer. */
    if (!unsock_errno_is_nobody(result) && (result != -EPERM || unsock_socket_may_not_connect()))
        return result;
    if (result == -ENOENT && unsock_settings.fallback)
        return connect_datagram_to_ip(fd, entry, ip);
    /* The peer may start later: it could not send to a kernel socket that is connected to another one. */
    disconnect_from_peer(fd);
    unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_NOBODY);
    unsock_datagram_set_nobody(entry);
    return 0;
}

/* Gives a socket on the wildcard the address that a connect gives to a UDP socket, as getsockname shows. */
static void settle_local(struct unsock_fd *entry, const struct unsock_ip *ip) {
    uint8_t tag = entry->local.tag;
    if (!unsock_ip_is_wildcard(&entry->local))
        return;
    entry->local = unsock_address_default(ip->family, entry->local.port);
    entry->local.tag = tag;
    unsock_fds_mark(entry, UNSOCK_SETTLED);
}

bool unsock_datagram_stays(int fd, const struct unsock_fd *entry) {
    static const uint32_t bound = UNSOCK_NAMED | UNSOCK_BOUND;
    return entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_DGRAM && (entry->flags & bound) == bound &&
           unsock_socket_option(fd, SO_DOMAIN) == AF_UNIX;
}

/* Makes the descriptor a local socket with the name that the peer is to see. */
static long prepare_datagram(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    if (unsock_datagram_stays(fd, entry))
        return 0;
    /* All descriptors of a service manager's socket would be connected, too. */
    if (unsock_fd_is_handed(entry) && unsock_listen_fds_is_shared(fd, SOCK_DGRAM))
        return -EADDRINUSE;
    long result = unsock_datagram_be_local(fd, entry, ip);
    if (result == 0)
        unsock_datagram_choose_source(fd, entry, ip);
    return result;
}

bool unsock_datagram_tell_sharers(int fd, const struct unsock_fd *entry) {
    struct unsock_port_entry own;
    return entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry) && unsock_port_own(entry, &own) &&
           (unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR) ||
            unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT)) &&
           unsock_port_note_connected(unsock_port_key_of(entry), &own);
}

UNSOCK_OWN_FRAME long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    struct sockaddr_un path = {0};
    long result = prepare_datagram(fd, entry, ip);
    if (result == 0) {
        result = unsock_datagram_connect_socket(fd, entry, ip, &path);
        if (result == 0) {
            unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_CONNECTED);
            unsock_datagram_tell_peer(fd, entry);
        } else
            result = connect_other(fd, entry, ip, &path, result);
    }
    if (result == 0 && entry->kind == UNSOCK_KIND_LOCAL) {
        if (unsock_datagram_tell_sharers(fd, entry) && entry->state == UNSOCK_STATE_NOBODY &&
            unsock_datagram_leave_error(fd, entry, true))
            unsock_socket_option(fd, SO_ERROR); /* nothing was sent */
        if (unsock_address_is_beside(ip))
            unsock_datagram_note_settled(entry, true);
        settle_local(entry, ip);
    }
    return unsock_log("connect", fd, ip, &path, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
}
