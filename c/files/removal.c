/* Removing one socket file. */
#include "files/removal.h"

#include "files/lock.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rt/sys.h"

/*
 * Is the file at `path` the one that the entry's socket was bound to? Unknown counts as yes: the kernel decides then.
 */
static bool is_own_file(const struct unsock_fd *entry, const struct sockaddr_un *path) {
    int64_t inode = unsock_file_inode(path->sun_path);
    if (inode <= 0)
        return false;
    return !unsock_fd_knows_inode(entry) || entry->file.inode == (uint64_t)inode;
}

/* Needs no lock, as nothing is removed then: most closes of a socket that others have too end here. */
static bool is_in_use(const struct unsock_fd *old, long probe) {
    struct sockaddr_un path;
    socklen_t length = unsock_sharers_path(old, &path);
    return unsock_socketfile_is_live(probe, &path, length) && is_own_file(old, &path);
}

/* With the directory locked. Returns whether there is nothing more to do. */
static bool remove_if_stale(const struct unsock_fd *old, long probe) {
    struct sockaddr_un path;
    struct unsock_fd now = *old;
    socklen_t length = unsock_sharers_path(old, &path);
    bool own = is_own_file(old, &path);
    if (!own && (old->flags & UNSOCK_HIDDEN)) {
        /* Another process may have given it the port's file. */
        now.flags &= (uint16_t)~UNSOCK_HIDDEN;
        length = unsock_sharers_path(&now, &path);
        own = is_own_file(&now, &path);
    }
    if (!own)
        return true;
    if (!unsock_socketfile_is_stale_by(probe, &path, length))
        return false;
    if ((now.flags & UNSOCK_HIDDEN) || !unsock_sharers_promote(&now, &path))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
    return true;
}

bool unsock_removal_try(const struct unsock_fd *old) {
    struct unsock_lock lock;
    long probe = unsock_socketfile_probe();
    bool done = false;
    if (!is_in_use(old, probe)) {
        done = unsock_lock_take(&lock) == 0 && remove_if_stale(old, probe);
        unsock_lock_drop(&lock);
    }
    unsock_socketfile_probe_end(probe);
    return done;
}

void unsock_removal_force(const struct unsock_fd *entry) {
    struct sockaddr_un path;
    struct unsock_lock lock;
    unsock_sharers_path(entry, &path);
    if (unsock_lock_take(&lock) == 0 && is_own_file(entry, &path) &&
        ((entry->flags & UNSOCK_HIDDEN) || !unsock_sharers_promote(entry, &path)))
        unsock_sys(__NR_unlinkat, AT_FDCWD, path.sun_path, 0);
    unsock_lock_drop(&lock);
}
