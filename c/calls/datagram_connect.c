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

/* True if a control file at the path refuses. A connect to any other absent target succeeds: a server may start yet. */
UNSOCK_OWN_FRAME static bool is_refusing(const struct sockaddr_un *path) {
    struct unsock_control_file control;
    return unsock_control_file_read(path->sun_path, &control) == 0 && unsock_control_refuses(&control);
}

UNSOCK_OWN_FRAME static long connect_other(int fd, struct unsock_fd *entry, const struct unsock_ip *ip,
                                           const struct sockaddr_un *path, long result) {
    long there;
    if (result == -EPERM) {
        result = unsock_datagram_take_client(fd, entry, path);
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
    /* EPERM, unless from a seccomp filter: the peer is connected to another socket, and counts as absent for `fd`. */
    if (!unsock_errno_is_nobody(result) && (result != -EPERM || unsock_socket_may_not_connect()))
        return result;
    if (result == -ENOENT && unsock_settings.fallback) {
        union unsock_sockaddr address;
        result = unsock_redirect_to_ip(fd, entry);
        return result < 0 ? result : unsock_real_connect(fd, &address, unsock_ip_write(ip, entry->domain, &address));
    }
    /* Disconnects `fd`: a peer that starts later could not send to `fd` while `fd` is connected to another socket. */
    unsock_datagram_disconnect(fd);
    unsock_datagram_set_remote(entry, ip, UNSOCK_STATE_NOBODY);
    unsock_datagram_set_nobody(entry);
    return 0;
}

/* If the socket is bound to the wildcard, sets the local address for getsockname, as connect does for a UDP socket. */
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

static long prepare_datagram(int fd, struct unsock_fd *entry, const struct unsock_ip *ip) {
    if (unsock_datagram_stays(fd, entry))
        return 0;
    /* A connect of a handed-over socket connects all its descriptors. So it fails if the program uses another one. */
    int user = unsock_fd_is_handed(entry) ? unsock_listen_fds_user(fd, SOCK_DGRAM, 0) : -1;
    user = user == fd ? unsock_listen_fds_user(fd, SOCK_DGRAM, fd + 1) : user;
    if (user >= 0)
        return -EADDRINUSE;
    long result = unsock_datagram_be_local(fd, entry, ip);
    if (result == 0)
        unsock_datagram_choose_source(fd, entry, ip);
    return result;
}

bool unsock_datagram_tell_sharers(int fd, const struct unsock_fd *entry) {
    struct unsock_port_entry own;
    if (entry->kind != UNSOCK_KIND_LOCAL || !unsock_fd_has_chosen_port(entry) ||
        (!unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR) &&
         !unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT)))
        return false;
    unsock_port_own(entry, &own);
    return unsock_port_note_connected(&own);
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
            unsock_socket_option(fd, SO_ERROR); /* clears the error: nothing was sent */
        settle_local(entry, ip);
    }
    return unsock_log("connect", fd, ip, &path, unsock_errno_as_ip(UNSOCK_AT_STEP, result));
}
