/* Removing one socket file. */
#include "files/remove_file.h"

#include "files/lock.h"
#include "files/port.h"
#include "files/port_leave.h"
#include "files/port_own.h"
#include "files/socketfile.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

/*
 * By its name alone another process's socket may be known by now: where the file is known that this one had, that is
 * told by it.
 */
static bool is_anothers(const struct unsock_fd *old, const struct sockaddr_un *path) {
    int64_t inode = unsock_fd_knows_inode(old) ? unsock_file_inode(path->sun_path) : 0;
    return inode > 0 && old->file.inode != (uint64_t)inode;
}

/* With the directory locked: the socket has ended, as `life` says, or is to have no name. */
static void leave(const struct unsock_fd *old, enum unsock_port_life life, long probe) {
    struct unsock_port_entry me;
    if (unsock_port_own(old, &me))
        unsock_port_leave(unsock_port_key_of(old), &me, life, probe);
    else if (life == UNSOCK_PORT_DEAD)
        unsock_port_unlink_first(unsock_port_key_of(old));
}

/* With the directory locked. Returns whether there is nothing more to do. */
static bool leave_if_over(const struct unsock_fd *old, enum unsock_port_life life, long probe) {
    bool over = life == UNSOCK_PORT_DEAD || life == UNSOCK_PORT_GONE;
    if (over)
        leave(old, life, probe);
    return over;
}

/* It is asked about before the lock: a yes is certain, and removes nothing. */
UNSOCK_OWN_FRAME long unsock_remove_file_try_by(long probe, const struct unsock_fd *old) {
    struct sockaddr_un path;
    struct unsock_lock lock;
    if (unsock_fd_is_handed(old))
        return true;
    socklen_t length = unsock_port_own_path(old, &path);
    if (unsock_socketfile_is_live(probe, &path, length))
        return is_anothers(old, &path);
    long done = unsock_lock_take_to_close(&lock);
    if (done == 0)
        done = leave_if_over(old, unsock_socketfile_life(probe, &path, length), probe);
    unsock_lock_drop(&lock);
    return done;
}

long unsock_remove_file_try(const struct unsock_fd *old) {
    long probe = unsock_socketfile_probe();
    long done = unsock_remove_file_try_by(probe, old);
    unsock_socketfile_probe_end(probe);
    return done;
}

/*
 * Nobody can have taken the name meanwhile, as the directory was locked while the socket ended: one question is enough,
 * and no bind under way is mistaken for a file that is left over.
 */
static long close_locked(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct sockaddr_un path;
    struct unsock_port_entry me;
    struct unsock_port_key key = unsock_port_key_of(old);
    bool named = unsock_port_own(old, &me);
    socklen_t length = named ? unsock_port_path(key, &me, &path) : unsock_port_own_path(old, &path);
    struct unsock_port *port = named ? unsock_port_hand_on(key, &me, probe) : NULL;
    long result = unsock_close(fd);
    enum unsock_port_life life = unsock_socketfile_life_at_rest(probe, &path, length);
    *done = life == UNSOCK_PORT_DEAD || life == UNSOCK_PORT_GONE;
    if (port)
        unsock_port_handed_on(port, &me, life, probe);
    else if (*done)
        leave(old, life, probe);
    return result;
}

long unsock_remove_file_close(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct unsock_lock lock;
    *done = unsock_lock_take_to_close(&lock);
    long result = *done == 0 ? close_locked(fd, old, probe, done) : unsock_close(fd);
    unsock_lock_drop(&lock);
    return result;
}

bool unsock_remove_file_force(const struct unsock_fd *entry) {
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
