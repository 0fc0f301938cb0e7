/* Supports servers (DTLS, QUIC) that have a listener (an unconnected datagram socket), and on the listener's port one
 * more socket for each client. A client that is connected to the listener accepts datagrams only from the kernel socket
 * that the listener had when the client connected. */
#include "calls/datagram.h"

#include "calls/stream.h"
#include "files/port.h"
#include "replace/replace.h"

#define FILE_FLAGS (UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE | UNSOCK_DATAGRAM_BATCHES)

static bool is_sibling(const struct unsock_fd *entry, const struct unsock_fd *other) {
    struct unsock_ip own = unsock_fd_bound_to(entry), its = unsock_fd_bound_to(other);
    return other->kind == UNSOCK_KIND_LOCAL && other->type == SOCK_DGRAM && own.port == its.port &&
           unsock_ip_same_address(&own, &its);
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
    uint32_t flags = (file->flags & FILE_FLAGS) | (before.flags & (UNSOCK_ANY_PORT | UNSOCK_SETTLED));
    before.local.tag = file->local.tag;
    unsock_fd_become(fd, entry, UNSOCK_STATE_BOUND, flags, &before.local);
    return 0;
}

/* True if the socket has an unread datagram that is empty, or not from the client at `path`. Leaves all unread. */
static bool has_others_unread(int fd, const struct sockaddr_un *path) {
    int32_t before = (int32_t)unsock_socket_option(fd, SO_PEEK_OFF), at = 0;
    size_t length = UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1;
    bool others = false;
    for (long size = 1; size > 0 || size == -ECONNRESET; at += size > 0 ? (int32_t)size : 0) {
        union unsock_sockaddr from = {.un = {.sun_family = AF_UNSPEC}};
        socklen_t from_length = sizeof(from);
        if (others || unsock_setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &at, sizeof(at)) < 0)
            break;
        size = unsock_recvfrom(fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT, &from, &from_length);
        others = size == 0 || (size > 0 && !unsock_same(&from, path, length));
    }
    unsock_setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &before, sizeof(before));
    return others;
}

/* Connects `other`, the listener, to the client at `path`, and exchanges the kernel sockets of `fd` and `other`. Status
 * flags belong to a kernel socket: each descriptor gets its own back. Returns -EPERM if the client refuses `other`. */
static long take_client(int fd, struct unsock_fd *entry, int other, struct unsock_fd *listener,
                        const struct sockaddr_un *path) {
    struct unsock_fd own = *entry, its = *listener;
    long own_flags = unsock_fcntl(fd, F_GETFL, 0);
    long its_flags = unsock_fcntl(other, F_GETFL, 0);
    long own_copy = unsock_redirect_copy(fd);
    long its_copy = unsock_redirect_copy(other);
    long way_back = unsock_redirect_copy(other);
    long result = own_copy < 0 || its_copy < 0 || way_back < 0 ? -EMFILE : 0;
    /* The kernel lets only the client's peer connect to the client. */
    if (result == 0 && unsock_connect(other, path, UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1) < 0)
        result = -EPERM;
    if (result == 0 && unsock_state_has_remote(own.state))
        unsock_datagram_disconnect(fd);
    if (result < 0)
        unsock_close(own_copy);
    else if ((result = take_standin(other, listener, (int)own_copy, &own)) < 0)
        unsock_datagram_disconnect(other);
    if (result < 0) {
        unsock_close(its_copy);
        unsock_close(way_back);
        return result;
    }
    result = take_standin(fd, entry, (int)its_copy, &its);
    if (result == 0)
        unsock_close(way_back);
    else if (take_standin(other, listener, (int)way_back, &its) == 0)
        unsock_datagram_disconnect(other);
    unsock_fcntl(other, F_SETFL, its_flags);
    unsock_fcntl(fd, F_SETFL, own_flags);
    return result;
}

long unsock_datagram_take_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path) {
    long result = -EPERM;
    for (int other = -1; (other = unsock_fds_next_with_file(other + 1)) >= 0;) {
        struct unsock_fd *sibling = unsock_fds_known(other);
        if (!sibling || other == fd || !is_sibling(entry, sibling) ||
            unsock_socket_cookie(other) == unsock_socket_cookie(fd))
            continue;
        bool free =
            !unsock_state_is_connected(sibling->state) && unsock_only_holder(other) && !has_others_unread(other, path);
        long taken = free ? take_client(fd, entry, other, sibling, path) : -EPERM;
        if (taken != -EPERM)
            return taken;
        result = -EADDRNOTAVAIL;
    }
    return result;
}

long unsock_datagram_send_by_sibling(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags) {
    for (int other = -1; (other = unsock_fds_next_with_file(other + 1)) >= 0;) {
        const struct unsock_fd *sibling = unsock_fds_known(other);
        if (!sibling || other == fd || !is_sibling(entry, sibling))
            continue;
        long result = unsock_sendmsg(other, message, flags | MSG_DONTWAIT);
        if (result >= 0)
            return result;
    }
    return -EPERM;
}
