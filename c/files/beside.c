/* Binding behind, or in front of, another socket of this process that has the port. */
#include "files/beside.h"

#include "files/behind.h"
#include "files/bound.h"
#include "files/datagram_port.h"
#include "files/inside.h"
#include "files/lock.h"
#include "files/origin.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/spelling.h"

#define RENAME_EXCHANGED 2u /* renameat2(2) */

/* Answers come to a client's own file from servers of any user, as over UDP. */
int unsock_beside_mode(const struct unsock_bind_request *request) {
    return request->open_to_all ? 0666 : -1;
}

/* A receiver must know the sender's address, if it is a special one; and whoever inherits the socket, its own. */
socklen_t unsock_beside_respell(const struct unsock_bind_request *request, struct sockaddr_un *path) {
    return unsock_spelling_write(&request->spelling, path);
}

long unsock_beside_bind_hidden(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    for (unsigned i = 1; i <= UNSOCK_HIDDEN_MOST; i++) {
        unsock_address_hidden_path(request->ip.port, i, &bound->path);
        socklen_t length = unsock_beside_respell(request, &bound->path);
        long result = unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
        if (result == -EADDRINUSE && unsock_socketfile_is_stale(&bound->path, length) &&
            unsock_file_inode(bound->path.sun_path) > 0) {
            unsock_inside_unlink(bound->path.sun_path);
            result = unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
        }
        if (result == -EADDRINUSE)
            continue;
        if (result == 0)
            unsock_behind_mark(request->ip.port);
        bound->how = UNSOCK_BOUND_HIDDEN;
        bound->hidden = i;
        bound->inode = unsock_origin_note(bound->path.sun_path, request);
        return result;
    }
    return -EADDRINUSE;
}

static void rename_path(const struct sockaddr_un *from, const struct sockaddr_un *to) {
    unsock_inside_rename(from->sun_path, to->sun_path);
}

long unsock_beside_replace(const struct unsock_bind_request *request, struct unsock_bound *bound) {
    struct sockaddr_un path;
    memset(bound, 0, sizeof(*bound));
    struct unsock_lock lock;
    long result = unsock_lock_take(&lock);
    unsock_datagram_port_holder(request->ip.port, &path);
    if (result == 0)
        result = unsock_beside_bind_hidden(request, bound);
    if (result == 0) {
        result = unsock_inside_rename_with(bound->path.sun_path, path.sun_path, RENAME_EXCHANGED);
        if (result < 0)
            unsock_inside_unlink(bound->path.sun_path);
        else
            unsock_behind_mark(request->ip.port);
    }
    unsock_lock_drop(&lock);
    bound->moved = bound->hidden;
    bound->how = UNSOCK_BOUND_FILE;
    bound->ip = request->ip;
    return result;
}

bool unsock_beside_restore(const struct unsock_bound *bound) {
    struct sockaddr_un path, hidden;
    if (bound->moved == 0)
        return false;
    unsock_address_hidden_path(bound->ip.port, bound->moved, &hidden);
    struct unsock_lock lock;
    if (unsock_lock_take(&lock) == 0) {
        unsock_datagram_port_holder(bound->ip.port, &path);
        rename_path(&hidden, &path);
    }
    unsock_lock_drop(&lock);
    return true;
}

void unsock_beside_settled(const struct unsock_bound *bound) {
    struct sockaddr_un hidden;
    if (bound->moved == 0)
        return;
    unsock_address_hidden_path(bound->ip.port, bound->moved, &hidden);
    struct unsock_lock lock;
    if (unsock_lock_take(&lock) == 0)
        unsock_inside_unlink(hidden.sun_path);
    unsock_lock_drop(&lock);
}

/*
 * Moves the port's file of another datagram socket of ours out of the way: with SO_REUSEADDR the latest one gets all.
 */
long unsock_beside_take_over(const struct unsock_bind_request *request, struct unsock_fd *holder,
                             struct unsock_bound *bound) {
    struct sockaddr_un hidden;
    /* A service manager goes on looking for its socket at its path. */
    if (unsock_fd_is_handed(holder))
        return -EADDRINUSE;
    unsock_datagram_port_holder(request->ip.port, &bound->path);
    socklen_t length = unsock_beside_respell(request, &bound->path);
    for (unsigned i = 1; i <= UNSOCK_HIDDEN_MOST; i++) {
        unsock_address_hidden_path(request->ip.port, i, &hidden);
        long result = unsock_inside_rename_with(bound->path.sun_path, hidden.sun_path, 1u /* RENAME_NOREPLACE */);
        if (result == -EEXIST)
            continue;
        if (result < 0)
            return -EADDRINUSE;
        result = unsock_socketfile_bind(request->socket, &bound->path, length, unsock_beside_mode(request));
        if (result < 0) {
            rename_path(&hidden, &bound->path);
            return result;
        }
        unsock_sharers_renamed(holder, true, (uint8_t)i);
        unsock_behind_mark(request->ip.port);
        return 0;
    }
    return -EADDRINUSE;
}

long unsock_beside_be_alone(const struct unsock_bind_request *request, int fd, struct unsock_bound *bound) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    memset(bound, 0, sizeof(*bound));
    struct unsock_lock lock;
    long result = unsock_lock_take(&lock);
    /* Where yet another socket has the port's file already, that one stays. */
    bool hidden = !entry || (entry->flags & UNSOCK_HIDDEN);
    if (result == 0)
        result = hidden ? unsock_beside_bind_hidden(request, bound) : unsock_beside_take_over(request, entry, bound);
    unsock_lock_drop(&lock);
    bound->ip = request->ip;
    bound->inode = result == 0 ? unsock_origin_note(bound->path.sun_path, request) : 0;
    return result;
}
