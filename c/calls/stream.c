/* Makes listen and accept on stream sockets. */
#include "calls/stream.h"

#include "calls/arguments.h"
#include "calls/bind.h"
#include "kernel/log.h"
#include "options/options.h"
#include "replace/replace.h"

#define BACKLOG_MOST 0x7fffffff /* the kernel cuts it to net.core.somaxconn */

static long listen_here(int fd, struct unsock_fd *entry) {
    long wrong = entry->flags & UNSOCK_STREAM_UNLISTED ? unsock_port_come_forward(fd, entry) : 0;
    if (wrong < 0)
        return unsock_log("listen", fd, &entry->local, NULL, wrong);
    /* Must come before any client can connect: accepted sockets inherit this setting. */
    unsock_socket_refuse_descriptors(fd);
    long result = unsock_listen(fd, BACKLOG_MOST);
    if (result == 0) {
        if (entry->state != UNSOCK_STATE_LISTENING)
            unsock_predict_listens();
        unsock_fd_enter(entry, UNSOCK_STATE_LISTENING);
    }
    return unsock_log("listen", fd, &entry->local, NULL, result);
}

/* Listens after a bind that returned `result`: on the local socket, or on the TCP socket of an uncovered address. */
static long listen_bound(int fd, struct unsock_fd *entry, int backlog, long result) {
    if (result < 0)
        return result;
    return entry->kind == UNSOCK_KIND_IP ? unsock_listen(fd, backlog) : listen_here(fd, entry);
}

/* Listens on an unbound stream. As in TCP, the stream gets the wildcard address and a free port. */
static long listen_unbound(int fd, struct unsock_fd *entry, int backlog) {
    struct unsock_ip any = {.family = entry->domain == AF_INET6 ? AF_INET6 : AF_INET};
    bool v6only = entry->domain == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    if (unsock_address_covered_bind(&any, v6only))
        return listen_bound(fd, entry, backlog, unsock_bind_ip(fd, entry, &any, 0));
    if (unsock_settings.block_inet)
        return unsock_log("listen", fd, &any, NULL, -EACCES);
    return listen_bound(fd, entry, backlog, unsock_redirect_to_ip(fd, entry));
}

/* Listens on a TCP socket that no intercepted call has bound. If the socket is bound all the same (inherited, or bound
 * inside libc by bindresvport, or by a raw system call), it keeps its port. */
static long listen_bound_elsewhere(int fd, struct unsock_fd *entry, int backlog) {
    struct unsock_ip ip;
    long wrong = unsock_call_own_ip(fd, &ip);
    if (wrong < 0)
        return wrong;
    if (ip.port == 0 && unsock_ip_is_wildcard(&ip))
        return listen_unbound(fd, entry, backlog);
    bool v6only = ip.family == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    bool covered = unsock_address_covered_bind(&ip, v6only);
    /* A TCP socket that listens already may have clients: it is not redirected. */
    if (!unsock_settings.block_inet && (!covered || unsock_socket_option(fd, SO_ACCEPTCONN) == 1))
        return unsock_listen(fd, backlog);
    return listen_bound(fd, entry, backlog, unsock_bind_ip(fd, entry, &ip, 0));
}

long unsock_stream_listen(int fd, struct unsock_fd *entry, int backlog) {
    if (unsock_state_is_connected(entry->state) || unsock_fd_is_refused(entry))
        return -EINVAL;
    if (entry->kind == UNSOCK_KIND_IP && !(entry->flags & UNSOCK_BOUND))
        return listen_bound_elsewhere(fd, entry, backlog);
    if (entry->flags & UNSOCK_BOUND) {
        /* If a reserved stream has no file, binds it again. With SO_REUSEPORT this succeeds even if another process has
         * the address: a new haproxy process tells the old one to listen again before the new one gives the port up. */
        struct unsock_ip local = entry->local;
        bool again = entry->kind == UNSOCK_KIND_LOCAL && !(entry->flags & UNSOCK_FILE);
        return listen_bound(fd, entry, backlog, again ? unsock_bind_ip(fd, entry, &local, 0) : 0);
    }
    long open = unsock_socket_nonblocking(fd);
    return open < 0 ? open : listen_unbound(fd, entry, backlog);
}

/* Fills the entry of a new connection. A plain Unix client's address stays unknown until the program asks for it. */
static void remember_accepted(int listener, const struct unsock_fd *from, int fd, const union unsock_sockaddr *peer,
                              socklen_t length) {
    struct unsock_fd *entry = unsock_reuse_entry(fd);
    if (!entry)
        return;
    *entry = (struct unsock_fd){.kind = from->kind, .type = from->type, .domain = from->domain};
    entry->protocol = from->protocol;
    unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    entry->flags = UNSOCK_NAMED | UNSOCK_ACCEPTED;
    struct unsock_ip claimed = {0}, bound = from->local;
    if (peer->any.sa_family != AF_UNIX ||
        !unsock_kernel_name_read_stream(&peer->un, length, unsock_fd_remote(entry), &claimed)) {
        *unsock_fd_remote(entry) = claimed = (struct unsock_ip){0};
        bound.family = (uint8_t)unsock_socket_names_family(from);
    }
    entry->local = unsock_address_accepted(&bound, &claimed);
    if (from->options != 0)
        unsock_options_inherit(listener, from, fd, entry);
    if (from->kind == UNSOCK_KIND_FOREIGN && (unsock_socket_mark(listener) & UNSOCK_MARK_HALF_CLOSE))
        unsock_socket_mark_replace(fd, UNSOCK_MARK_HALF_CLOSE);
}

long unsock_stream_accept(int fd, struct unsock_fd *entry, struct sockaddr *address, socklen_t *length, int flags) {
    union unsock_sockaddr peer;
    socklen_t peer_length = sizeof(peer);
    peer.any.sa_family = AF_UNSPEC;
    long accepted = unsock_real_accept_by(fd, &peer, &peer_length, flags);
    if (accepted < 0)
        return accepted;
    /* The descriptor's number now belongs to a TCP listener: forgets the old entry. */
    if (entry->kind == UNSOCK_KIND_LOCAL && unsock_call_is_ip(peer.any.sa_family)) {
        unsock_reuse_new(fd);
        unsock_reuse_new((int)accepted);
        long given = address ? unsock_socket_names_give(&peer, peer_length, address, length) : 0;
        if (given < 0)
            unsock_close(accepted);
        return given < 0 ? given : accepted;
    }
    remember_accepted(fd, entry, (int)accepted, &peer, peer_length);
    struct unsock_whose whose;
    const struct unsock_fd *known = unsock_fds_known((int)accepted);
    long wrong = 0;
    if (address && known && known->kind == UNSOCK_KIND_LOCAL && unsock_fd_remote(known)->family != 0)
        wrong = unsock_socket_names_give_ip(unsock_fd_remote(known), known->domain, address, length);
    else if (address || peer.any.sa_family == UNSOCK_AF_TIPC) { /* AF_TIPC forgets a peer that closes */
        unsock_whose((int)accepted, UNSOCK_ASK_KERNEL, &whose);
        wrong = unsock_socket_names_peer((int)accepted, whose.entry, &peer, peer_length, address ? address : &peer.any,
                                         address ? length : &peer_length);
    }
    /* The connection is lost, as in the kernel (__sys_accept4_file, net/socket.c). */
    if (wrong < 0) {
        unsock_fds_forget((int)accepted);
        unsock_close(accepted);
        return wrong;
    }
    return unsock_log("accept", (int)accepted, known ? unsock_fd_remote(known) : NULL, NULL, accepted);
}
