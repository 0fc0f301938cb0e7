/* Datagram sockets of one process on one port. */
#include "calls/datagram_per_client.h"

#include "kernel/beyond_limit.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "replace/redirect.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"

/* What tells by which file a socket is known. */
#define FILE_FLAGS (UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE)

static bool is_listener(const struct unsock_fd *entry, const struct unsock_fd *other) {
    return other->kind == UNSOCK_KIND_LOCAL && (other->flags & UNSOCK_FILE) && other->type == SOCK_DGRAM &&
           other->local.port == entry->local.port && !unsock_state_is_connected(other->state) &&
           (other->id != entry->id || other->id == 0);
}

/* Puts the socket `standin`, known by the file that `file` tells, behind a descriptor. */
static long take(int fd, struct unsock_fd *entry, int standin, const struct unsock_fd *file) {
    struct unsock_fd before = *entry;
    entry->flags &= (uint16_t)~UNSOCK_FILE; /* the socket lives on, and so does its file */
    long result = unsock_redirect_install(fd, entry, standin, UNSOCK_KIND_LOCAL);
    if (result < 0) {
        entry->flags = before.flags;
        return result;
    }
    unsock_fd_enter(entry, UNSOCK_STATE_BOUND);
    entry->flags |= file->flags & FILE_FLAGS;
    unsock_fds_note_file(fd);
    entry->flags |= before.flags & UNSOCK_ANY_PORT;
    entry->local = before.local;
    entry->local.tag = file->local.tag;
    if (!unsock_state_has_remote(file->state))
        entry->file.inode = file->file.inode;
    return 0;
}

/* Both are dups for as long as that takes; the status flags belong to the sockets, not to the descriptors. */
static long swap(int fd, struct unsock_fd *entry, int other, struct unsock_fd *listener) {
    struct unsock_fd own = *entry, its = *listener;
    long own_flags = unsock_fcntl(fd, F_GETFL, 0);
    long its_flags = unsock_fcntl(other, F_GETFL, 0);
    long own_copy = unsock_descriptor(__NR_fcntl, fd, F_DUPFD_CLOEXEC, 0);
    long its_copy = unsock_descriptor(__NR_fcntl, other, F_DUPFD_CLOEXEC, 0);
    long way_back = unsock_descriptor(__NR_fcntl, other, F_DUPFD_CLOEXEC, 0);
    if (own_copy < 0 || its_copy < 0 || way_back < 0) {
        unsock_close(own_copy);
        unsock_close(its_copy);
        unsock_close(way_back);
        return -EMFILE;
    }
    long result = take(other, listener, (int)own_copy, &own);
    if (result < 0) {
        unsock_close(its_copy);
        unsock_close(way_back);
        return result;
    }
    result = take(fd, entry, (int)its_copy, &its);
    if (result < 0)
        take(other, listener, (int)way_back, &its);
    else
        unsock_close(way_back);
    unsock_fcntl(other, F_SETFL, its_flags);
    unsock_fcntl(fd, F_SETFL, own_flags);
    return result;
}

long unsock_datagram_per_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path) {
    struct sockaddr_un nobody = {.sun_family = AF_UNSPEC};
    long result = -EPERM;
    for (int other = 0; other < unsock_fds_end(); other++) {
        struct unsock_fd *listener = unsock_fds_known(other);
        if (!listener || other == fd || !is_listener(entry, listener) ||
            unsock_socket_cookie(other) == unsock_socket_cookie(fd))
            continue;
        /* The kernel lets the very socket connect to which the client is connected, and no other. */
        if (unsock_connect(other, path, UNSOCK_SUN_PATH_OFFSET + strlen(path->sun_path) + 1) < 0)
            continue;
        /* One peer: the client. The listener's own connection to it does not count here, but at the client. */
        result = unsock_socket_peers(other) == 1 ? swap(fd, entry, other, listener) : -EADDRNOTAVAIL;
        if (result == 0)
            return 0;
        unsock_connect(other, &nobody, sizeof(nobody.sun_family));
    }
    return result;
}
