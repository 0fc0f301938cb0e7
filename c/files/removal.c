/* Removing one socket file. */
#include "files/removal.h"

#include "files/behind.h"
#include "files/datagram_port.h"
#include "files/inside.h"
#include "files/lock.h"
#include "files/own_names.h"
#include "files/port.h"
#include "files/port_leave.h"
#include "files/sharers.h"
#include "files/socketfile.h"
#include "files/waiting.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "memory/option_table.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/own_name.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

/*
 * Is the file at `path` the one that the entry's socket was bound to? Unknown counts as yes: the kernel decides then.
 */
static bool is_own_file(const struct unsock_fd *entry, const struct sockaddr_un *path) {
    int64_t inode = unsock_file_inode(path->sun_path);
    if (inode <= 0)
        return false;
    return !unsock_fd_knows_inode(entry) || entry->file.inode == (uint64_t)inode;
}

/* Only who lets others have its address. */
static bool may_be_displaced(const struct unsock_fd *old) {
    static const int options[] = {SO_REUSEPORT, SO_REUSEADDR};
    bool lets = false;
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]) && !unsock_fd_knows_inode(old); i++)
        lets |= unsock_option_is_set(-1, old, unsock_option_find(SOL_SOCKET, options[i]));
    return lets;
}

/* Needs no lock, as nothing is removed then: most closes of a socket that others have too end here. */
UNSOCK_OWN_FRAME static bool is_in_use(const struct unsock_fd *old, long probe) {
    struct sockaddr_un path;
    socklen_t length = unsock_sharers_path(old, &path);
    if (!unsock_socketfile_is_live(probe, &path, length) || !is_own_file(old, &path))
        return false;
    /* A successor may have the name, and this one's file a hidden one. */
    return !may_be_displaced(old) || !unsock_behind_any(path.sun_path);
}

/* The path of the entry's file, as which it is known now; 0: it is not there any more. */
UNSOCK_OWN_FRAME static socklen_t find_own(struct unsock_fd *entry, struct sockaddr_un *path) {
    socklen_t length = unsock_sharers_path(entry, path);
    bool own = is_own_file(entry, path);
    if (!own && (entry->flags & UNSOCK_HIDDEN)) {
        /* Another process may have given it the port's file. */
        entry->flags &= (uint16_t)~UNSOCK_HIDDEN;
        length = unsock_sharers_path(entry, path);
        own = is_own_file(entry, path);
    }
    if (!own && !(entry->flags & UNSOCK_HIDDEN)) {
        /* There may be others on the port by now. */
        length = unsock_address_aside_path(entry->local.port, path);
        own = is_own_file(entry, path);
    }
    if (!own && unsock_fd_knows_inode(entry) && !(entry->flags & UNSOCK_HIDDEN)) {
        /* A wildcard that shares the port has that name, and this one is known by its own. */
        length = unsock_own_name_path(&entry->local, path);
        own = is_own_file(entry, path);
        entry->flags |= own ? UNSOCK_HIDDEN : 0;
        entry->local.tag = own ? UNSOCK_OWN_NAME_TAG : entry->local.tag;
    }
    return own ? length : 0;
}

/* The file goes, or another socket gets it. */
static void take_away(const struct unsock_fd *entry, const struct sockaddr_un *path) {
    bool own_name = unsock_sharers_has_own_name(entry), hidden = (entry->flags & UNSOCK_HIDDEN) != 0;
    bool several = !hidden && unsock_datagram_port_is_aside(path);
    if (hidden ? own_name && unsock_sharers_follow(entry, path) : unsock_sharers_promote(entry, path, several))
        return;
    unsock_inside_unlink(path->sun_path);
    if (own_name || several)
        unsock_own_names_gone(entry->local.port);
}

UNSOCK_OWN_FRAME static bool any_behind(const struct unsock_fd *old) {
    struct sockaddr_un path;
    unsock_sharers_path(old, &path);
    return unsock_behind_any(path.sun_path);
}

/* With the directory locked. Returns whether there is nothing more to do. */
static bool remove_if_stale(const struct unsock_fd *old, long probe) {
    struct sockaddr_un path;
    struct unsock_fd now = *old;
    socklen_t length = find_own(&now, &path);
    bool live = length > 0 && !unsock_socketfile_is_stale_by(probe, &path, length);
    bool displaced = live ? may_be_displaced(old) : length == 0;
    if (displaced && any_behind(old) && unsock_waiting_sweep(old->local.port))
        return true;
    if (length == 0 || live)
        return length == 0;
    take_away(&now, &path);
    return true;
}

/*
 * Of a stream. By its name alone another process's socket may be known by now: where the file is known that this one
 * had, that is told by it.
 */
static bool is_anothers(const struct unsock_fd *old, const struct sockaddr_un *path) {
    int64_t inode = unsock_fd_knows_inode(old) ? unsock_file_inode(path->sun_path) : 0;
    return inode > 0 && old->file.inode != (uint64_t)inode;
}

/* With the directory locked: the socket has ended, as `life` says, or is to have no name. */
static void leave(const struct unsock_fd *old, enum unsock_port_life life, long probe) {
    struct unsock_port_entry me = unsock_port_entry_of_tag(&old->local);
    if (old->local.tag != UNSOCK_PORT_PLAIN_TAG)
        unsock_port_leave(old->local.port, &me, life, probe);
    else if (life == UNSOCK_PORT_DEAD)
        unsock_port_unlink_first(old->local.port);
}

/* With the directory locked. Returns whether there is nothing more to do. */
static bool leave_if_over(const struct unsock_fd *old, enum unsock_port_life life, long probe) {
    bool over = life == UNSOCK_PORT_DEAD || life == UNSOCK_PORT_GONE;
    if (over)
        leave(old, life, probe);
    return over;
}

UNSOCK_OWN_FRAME static long try_stream(long probe, const struct unsock_fd *old) {
    struct sockaddr_un path;
    struct unsock_lock lock;
    socklen_t length = unsock_sharers_path(old, &path);
    if (unsock_socketfile_is_live(probe, &path, length))
        return is_anothers(old, &path);
    long done = unsock_lock_take(&lock);
    if (done == 0)
        done = leave_if_over(old, unsock_socketfile_life(probe, &path, length), probe);
    unsock_lock_drop(&lock);
    return done;
}

long unsock_removal_try_by(long probe, const struct unsock_fd *old) {
    struct unsock_lock lock;
    if (unsock_fd_is_handed(old))
        return true;
    if (old->type == SOCK_STREAM)
        return try_stream(probe, old);
    if (is_in_use(old, probe))
        return false;
    long done = unsock_lock_take(&lock);
    if (done == 0)
        done = remove_if_stale(old, probe);
    unsock_lock_drop(&lock);
    return done;
}

long unsock_removal_try(const struct unsock_fd *old) {
    long probe = unsock_socketfile_probe();
    long done = unsock_removal_try_by(probe, old);
    unsock_socketfile_probe_end(probe);
    return done;
}

/*
 * Nobody can have taken the name meanwhile, as the directory was locked while the socket ended: one question is enough,
 * and no bind under way is mistaken for a file that is left over.
 */
static long close_locked(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct sockaddr_un path;
    struct unsock_port_entry me = unsock_port_entry_of_tag(&old->local);
    bool named = old->local.tag != UNSOCK_PORT_PLAIN_TAG;
    socklen_t length = unsock_sharers_path(old, &path);
    struct unsock_port *port = named ? unsock_port_hand_on(old->local.port, &me, probe) : NULL;
    long result = unsock_sys(__NR_close, fd);
    enum unsock_port_life life = unsock_socketfile_life_at_rest(probe, &path, length);
    *done = life == UNSOCK_PORT_DEAD || life == UNSOCK_PORT_GONE;
    if (port)
        unsock_port_handed_on(port, &me, life, probe);
    else if (*done)
        leave(old, life, probe);
    return result;
}

long unsock_removal_close(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct unsock_lock lock;
    *done = unsock_lock_take(&lock);
    long result = *done == 0 ? close_locked(fd, old, probe, done) : unsock_sys(__NR_close, fd);
    unsock_lock_drop(&lock);
    return result;
}

bool unsock_removal_force(const struct unsock_fd *entry) {
    struct unsock_lock lock;
    if (unsock_fd_is_handed(entry))
        return true;
    bool locked = unsock_lock_take(&lock) == 0;
    if (locked) {
        long probe = unsock_socketfile_probe();
        leave(entry, UNSOCK_PORT_DEAD, probe);
        unsock_socketfile_probe_end(probe);
    }
    unsock_lock_drop(&lock);
    return locked;
}
