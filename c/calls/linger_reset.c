/*
 * The byte that is left unread is sent from the peer's end. It is an urgent one: should another process have the
 * closing socket as well, and go on with it, no read returns it there. (Before Linux 5.15 there is none on AF_UNIX, and
 * the peer sees the end of file.)
 */
#include "calls/stream_end.h"

#include "kernel/socket_info.h"
#include "memory/option_table.h"

#define LOOKED_AT_MOST 64

/* A client's abstract name, which no two sockets have: its own one, or the peer's of who was accepted. */
struct client_name {
    union unsock_sockaddr name;
    long length;
};

static void read_client_name(int fd, bool of_client, struct client_name *name) {
    name->length = unsock_socket_name(fd, of_client ? __NR_getsockname : __NR_getpeername, &name->name);
}

static bool is_same_client(const struct client_name *a, const struct client_name *b) {
    return a->length == b->length && a->length > (long)UNSOCK_SUN_PATH_OFFSET + 1 && a->name.any.sa_family == AF_UNIX &&
           a->name.un.sun_path[0] == 0 && memcmp(&a->name, &b->name, (size_t)a->length) == 0;
}

static bool is_connected_stream(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM &&
           unsock_state_in(entry->state, UNSOCK_STATE_BIT(CONNECTING) | UNSOCK_STATE_BIT(CONNECTED));
}

/* Who made the other end: for a client that is the process whose listener it was. */
static bool is_of_this_process(int fd) {
    int32_t peer[3] = {0}; /* struct ucred (unix(7)): process, user, group */
    socklen_t length = sizeof(peer);
    return unsock_option_get(fd, SOL_SOCKET, SO_PEERCRED, peer, &length) == 0 && peer[0] == unsock_getpid();
}

static bool may_be_peers(const struct unsock_fd *a, const struct unsock_fd *b) {
    return is_connected_stream(b) && ((a->flags ^ b->flags) & UNSOCK_ACCEPTED) &&
           a->local.port == unsock_fd_remote(b)->port && unsock_fd_remote(a)->port == b->local.port;
}

/* A descriptor of its own keeps the socket what it is, whatever another thread does with the number meanwhile. */
UNSOCK_OWN_FRAME static bool send_if_peer(int fd, const struct unsock_fd *entry, int candidate) {
    struct client_name own, other;
    bool is_client = !(entry->flags & UNSOCK_ACCEPTED);
    long peer = unsock_fcntl(candidate, F_DUPFD_CLOEXEC, 0);
    if (peer < 0)
        return false;
    read_client_name(fd, is_client, &own);
    read_client_name((int)peer, !is_client, &other);
    bool found = is_same_client(&own, &other);
    if (found)
        unsock_sendto(peer, "", 1, MSG_OOB | MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
    unsock_close(peer);
    return found;
}

/* Nobody is told of an urgent byte who waits for one. */
void unsock_linger_reset_peer(int fd, const struct unsock_fd *entry) {
    if (!is_connected_stream(entry) || (entry->flags & UNSOCK_STREAM_URGENT) || unsock_sandboxed ||
        !unsock_this_process_owns_descriptors() || !is_of_this_process(fd))
        return;
    int looked = 0;
    for (int other = 0; other < unsock_fds_end() && looked < LOOKED_AT_MOST; other++) {
        const struct unsock_fd *there = unsock_fds_known(other);
        if (!there || !may_be_peers(entry, there))
            continue;
        looked++;
        if (send_if_peer(fd, entry, other))
            return;
    }
}

/* What is remembered of another descriptor may be of one that is closed. */
bool unsock_linger_reset_has_duplicate(int fd, const struct unsock_fd *entry) {
    uint64_t cookie = entry->flags & UNSOCK_DUPLICATED ? unsock_socket_cookie(fd) : 0;
    for (int other = 0; cookie != 0 && other < unsock_fds_end(); other++) {
        const struct unsock_fd *there = other == fd ? NULL : unsock_fds_known(other);
        if (there && there->id == entry->id && unsock_socket_cookie(other) == cookie)
            return true;
    }
    return false;
}

void unsock_linger_reset_closing(int fd, const struct unsock_fd *entry) {
    int32_t linger[2] = {0, 1}; /* is it on, and for how many seconds (socket(7)) */
    socklen_t length = sizeof(linger);
    if (entry->options == 0 || !is_connected_stream(entry) ||
        !unsock_option_is_set(fd, entry, unsock_option_find(SOL_SOCKET, SO_LINGER)) ||
        unsock_linger_reset_has_duplicate(fd, entry))
        return;
    if (unsock_option_get(fd, SOL_SOCKET, SO_LINGER, linger, &length) == 0 && linger[0] != 0 && linger[1] == 0)
        unsock_linger_reset_peer(fd, entry);
}
