/* Removes socket files when descriptors are closed: at once, later, or at the end of the process. */
#include "files/release.h"

#include "files/bind.h"
#include "files/control_file.h"
#include "files/directory.h"
#include "files/plain_senders.h"
#include "files/port.h"
#include "kernel/socket_info.h"
#include "memory/process.h"

#include <linux/poll.h>

#define LATE_MOST 1024 /* the files of more sockets stay until prune or the next bind */
#define LATE_LOOKS 2
#define TAKEN 0xff /* not a kind: a thread uses the place */
#define SINGLE_THREAD_LINKS 3
#define READERS_FIRST_NS 50000
#define READERS_MOST_NS 10000000
#define AFTERWARDS_PAUSE_NS 2000000
#define AFTERWARDS_PAUSES 2500 /* five seconds */
#define AFTERWARDS_LOOKS 5

static const uint64_t all_signals = UNSOCK_ALL_SIGNALS;

/* With the directory locked: removes the names of a socket that has ended, as `life` says, or shall have no name. */
static void leave_names(const struct unsock_fd *old, enum unsock_port_life life, long probe) {
    struct unsock_port_entry me;
    if (unsock_port_own(old, &me))
        unsock_port_leave(unsock_port_key_of(old), &me, life, probe);
    else if (life == UNSOCK_PORT_STALE)
        unsock_port_unlink_first(unsock_port_key_of(old));
}

/* Checks the socket without the lock first: the file of a live socket stays. Returns 1 if nothing is left to do, 0 if
 * the socket is open elsewhere, and -errno if the directory cannot be locked, as in a handler whose thread has the
 * lock. */
UNSOCK_OWN_FRAME static long remove_file_try_by(long probe, const struct unsock_fd *old) {
    struct sockaddr_un path;
    struct unsock_lock lock;
    if (unsock_fd_is_handed(old))
        return true;
    socklen_t length = unsock_port_own_path(old, &path);
    if (unsock_socketfile_is_live(probe, &path, length)) {
        /* The file is another socket's if its inode is not the one noted for `old`. */
        int64_t inode = unsock_fd_knows_inode(old) ? unsock_file_inode(path.sun_path) : 0;
        return inode > 0 && unsock_fd_file(old)->inode != (uint64_t)inode;
    }
    long done = unsock_lock_take(&lock, true);
    enum unsock_port_life life = done == 0 ? unsock_socketfile_life(probe, &path, length) : UNSOCK_PORT_UNKNOWN;
    if (life == UNSOCK_PORT_STALE || life == UNSOCK_PORT_GONE) {
        leave_names(old, life, probe);
        done = true;
    }
    unsock_lock_drop(&lock);
    return done;
}

static long remove_file_try(const struct unsock_fd *old) {
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    return remove_file_try_by(probe, old);
}

/* Closes the socket with the directory locked: no other socket can take the name meanwhile. One question is then enough
 * afterwards, and no bind in progress looks like a stale file. */
static long close_locked(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct sockaddr_un path;
    struct unsock_port_entry me;
    struct unsock_port_key key = unsock_port_key_of(old);
    bool named = unsock_port_own(old, &me);
    socklen_t length = named ? unsock_port_path(key, &me, &path) : unsock_port_own_path(old, &path);
    struct unsock_port *port = named ? unsock_port_hand_on(key, &me, probe) : NULL;
    long result = unsock_close(fd);
    enum unsock_port_life life = unsock_socketfile_life_at_rest(probe, &path, length);
    *done = life == UNSOCK_PORT_STALE || life == UNSOCK_PORT_GONE;
    if (port)
        unsock_port_handed_on(port, &me, life, probe);
    else if (*done)
        leave_names(old, life, probe);
    return result;
}

static long remove_file_close(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct unsock_lock lock;
    *done = unsock_lock_take(&lock, true);
    long result = *done == 0 ? close_locked(fd, old, probe, done) : unsock_close(fd);
    unsock_lock_drop(&lock);
    return result;
}

bool unsock_remove_file_force(const struct unsock_fd *entry) {
    struct unsock_lock lock;
    if (unsock_fd_is_handed(entry))
        return true;
    bool locked = unsock_lock_take(&lock, false) == 0;
    if (locked) {
        UNSOCK_CLOSED long probe = unsock_socketfile_probe();
        leave_names(entry, UNSOCK_PORT_STALE, probe);
    }
    unsock_lock_drop(&lock);
    return locked;
}

/* Sockets whose files their last close here could not remove: another process has the socket, or a thread of this one
 * is in accept or waits for a datagram (Java closes so). Each is tried again later. */
static UNSOCK_TABLE struct unsock_fd late[LATE_MOST];
static bool any_kept; /* a socket was ever kept; if not, the end of the process need not search */

static bool locked_out; /* a socket was kept only because the lock could not be had */

static bool take_late_place(struct unsock_fd *place, struct unsock_fd old) {
    uint8_t free = UNSOCK_KIND_UNKNOWN, kind = old.kind;
    if (!__atomic_compare_exchange_n(&place->kind, &free, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    old.kind = TAKEN;
    *place = old;
    __atomic_store_n(&place->kind, kind, __ATOMIC_RELEASE);
    return true;
}

/* Returns the place of the socket with this file; NULL: it is not kept. */
static struct unsock_fd *find_late(const struct unsock_fd *old) {
    for (int i = 0; __atomic_load_n(&any_kept, __ATOMIC_RELAXED) && i < LATE_MOST; i++) {
        const struct unsock_ip *its = &late[i].local;
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL && late[i].type == old->type &&
            its->port == old->local.port && its->tag == old->local.tag && unsock_ip_same_address(its, &old->local))
            return &late[i];
    }
    return NULL;
}

/* Tries again to remove the file: another process had its socket open, and may have closed it. */
static void look_at_late_again(struct unsock_fd *place) {
    uint8_t kind = UNSOCK_KIND_LOCAL;
    if (!__atomic_compare_exchange_n(&place->kind, &kind, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return;
    long done = remove_file_try(place);
    if (done < 0)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    __atomic_store_n(&place->kind, done > 0 ? UNSOCK_KIND_UNKNOWN : UNSOCK_KIND_LOCAL, __ATOMIC_RELEASE);
}

UNSOCK_OWN_FRAME static void remove_file_again(void) {
    __atomic_store_n(&locked_out, false, __ATOMIC_RELAXED);
    for (int i = 0; i < LATE_MOST; i++)
        look_at_late_again(&late[i]);
}

/* Checks a few of the kept sockets, not all: a child may close thousands of inherited sockets one by one. */
static void look_at_some(void) {
    static unsigned turn;
    for (int i = 0, looks = 0; i < LATE_MOST && looks < LATE_LOOKS; i++) {
        struct unsock_fd *place = &late[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % LATE_MOST];
        looks += __atomic_load_n(&place->kind, __ATOMIC_RELAXED) == UNSOCK_KIND_LOCAL;
        look_at_late_again(place);
    }
}

/* Returns the place; NULL if all are taken. */
UNSOCK_OWN_FRAME static struct unsock_fd *keep_for_later(const struct unsock_fd *old) {
    struct unsock_fd noted = *old;
    struct sockaddr_un path;
    /* Notes the file's inode: later the name may be another socket's. */
    if (!unsock_state_has_remote(old->state)) {
        unsock_port_own_path(old, &path);
        int64_t inode = unsock_file_inode(path.sun_path);
        unsock_fd_file(&noted)->inode = inode > 0 ? (uint64_t)inode : 0;
    }
    __atomic_store_n(&any_kept, true, __ATOMIC_RELAXED);
    for (int i = 0; i < LATE_MOST; i++)
        if (take_late_place(&late[i], noted))
            return &late[i];
    return NULL;
}

/* Leaves the file to the children of this process, too. A child that closed the socket before may have left the file to
 * this process: checks once more. */
static void leave_file(struct unsock_fd *place) {
    unsock_files_left();
    if (place && unsock_this_process()->has_made)
        look_at_late_again(place);
}

void unsock_remove_file_keep(const struct unsock_fd *old, bool for_the_lock) {
    if (for_the_lock)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    leave_file(keep_for_later(old));
}

/* Notes what remove_file_try returned: 0 or -errno: the socket is kept, once. */
static void remove_file_result(const struct unsock_fd *old, long done) {
    struct unsock_fd *kept = find_late(old);
    uint8_t kind = UNSOCK_KIND_LOCAL;
    if (done > 0 && kept)
        __atomic_compare_exchange_n(&kept->kind, &kind, UNSOCK_KIND_UNKNOWN, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    if (done > 0 && __atomic_load_n(&locked_out, __ATOMIC_RELAXED))
        remove_file_again();
    else if (done > 0 && __atomic_load_n(&any_kept, __ATOMIC_RELAXED))
        look_at_some();
    if (done > 0)
        return;
    if (done < 0)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    /* A process that closes several duplicates calls this for each of them. */
    for (int tries = 0; !kept && tries < 2 && !(kept = keep_for_later(old)); tries++)
        look_at_some();
    if (!unsock_fds_has_duplicate(old))
        leave_file(kept);
}

UNSOCK_AT_EXIT static bool is_any_file_late(void) {
    for (int i = 0; i < LATE_MOST && __atomic_load_n(&any_kept, __ATOMIC_RELAXED); i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL)
            return true;
    }
    return false;
}

/* /proc/self/task has a link for ".", for "..", and for each thread (proc_task_getattr, fs/proc/base.c). */
bool unsock_has_threads(void) {
    struct statx status;
    if (unsock_libc_is_single_threaded())
        return false;
    return unsock_statx(AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &status) == 0 &&
           status.stx_nlink > SINGLE_THREAD_LINKS;
}

/* True if the parent removes the file of the socket, of which this process has just closed a descriptor. */
UNSOCK_AT_EXIT static bool is_left_to_parent(void) {
    return unsock_files_are_parents() && !unsock_has_threads();
}

/* True if the socket with a file is still behind the descriptor. A process that has made no file does not read the
 * name's port: it removes no file by this name. */
UNSOCK_AT_EXIT static bool is_behind_at_end(int fd, const struct unsock_fd *old) {
    union unsock_sockaddr name;
    long length = unsock_socket_name(fd, __NR_getsockname, &name);
    size_t directory = unsock_settings.directory_length;
    if (length <= (long)(UNSOCK_SUN_PATH_OFFSET + directory) || name.any.sa_family != AF_UNIX ||
        name.un.sun_path[directory] != '/' ||
        !unsock_same_bytes(name.un.sun_path, unsock_settings.directory, directory))
        return false;
    if (!unsock_this_process()->has_made)
        return true;
    struct unsock_name read = unsock_kernel_name_read(&name.un, (size_t)length);
    return read.kind == UNSOCK_NAME_FILE && read.port == old->local.port && read.type == old->type;
}

UNSOCK_AT_EXIT void unsock_release_file_at_end(int fd, const struct unsock_fd *old, long *probe) {
    bool behind = is_behind_at_end(fd, old), made = unsock_this_process()->has_made;
    bool locks = behind && made && !unsock_fd_is_handed(old);
    long done = 0;
    if (behind)
        unsock_plain_sender_release(old);
    if (behind && !locks)
        unsock_close(fd);
    if (!locks && is_left_to_parent())
        return;
    if (*probe < 0)
        *probe = unsock_socketfile_probe();
    if (locks)
        remove_file_close(fd, old, *probe, &done);
    else
        done = remove_file_try_by(*probe, old);
    if (done <= 0 && (made || unsock_has_threads()))
        unsock_remove_file_keep(old, done < 0);
}

void unsock_release_file(const struct unsock_fd *old) {
    if (old->kind == UNSOCK_KIND_LOCAL && !unsock_sandboxed && !is_left_to_parent())
        remove_file_result(old, remove_file_try(old));
}

/* If other descriptors certainly have the socket, or this process has only inherited it, checks it before taking the
 * lock. */
long unsock_release_file_closing(int fd, const struct unsock_fd *old) {
    long done = 0;
    if (unsock_fds_has_duplicate(old) || !unsock_this_process()->has_made || unsock_fd_is_handed(old)) {
        long result = unsock_real_close(fd);
        unsock_release_file(old);
        return result;
    }
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    long result = remove_file_close(fd, old, probe, &done);
    remove_file_result(old, done);
    return result;
}

/* In a child of an ending process: closes everything, waits for the end, and checks the kept sockets again. */
_Noreturn static void look_afterwards(long parent) {
    unsock_rt_sigprocmask(SIG_BLOCK, &all_signals, NULL);
    unsock_chdir("/"); /* its file system may be unmounted meanwhile */
    /* If a filter forbids this, the sockets are still open here. */
    if (unsock_close_range(0, ~0u, 0) < 0)
        unsock_exit(0);
    for (int i = 0; i < AFTERWARDS_PAUSES && unsock_getppid() == parent; i++)
        unsock_pause(AFTERWARDS_PAUSE_NS);
    for (int i = 0; i < AFTERWARDS_LOOKS && is_any_file_late(); i++) {
        if (i > 0)
            unsock_pause(AFTERWARDS_PAUSE_NS);
        remove_file_again();
    }
    unsock_lock_end();
    unsock_exit(0);
}

/* Starts the child. For a moment the child has all of this process's descriptors open. A process that waits for this
 * one's end must not notice: a pipe would have no end yet, a lock an owner. So this process waits until the child has
 * closed them. */
static void look_in_a_child(void) {
    int32_t ends[2];
    bool is_told = unsock_pipe2(ends, O_CLOEXEC) == 0;
    long parent = unsock_getpid();
    if (unsock_clone(0, NULL) == 0)
        look_afterwards(parent);
    if (!is_told)
        return;
    struct pollfd polled = {ends[0], POLLIN, 0};
    /* Not for ever: a child that another thread has just forked may have the pipe, too. */
    struct timespec most = {1, 0};
    unsock_close(ends[1]);
    unsock_ppoll(&polled, 1, &most, &all_signals, sizeof(all_signals));
    unsock_close(ends[0]);
}

/* Waits up to 10 ms for processes that list /proc/PID/fd: otherwise a monitor would make the file stay. They hold each
 * file open for a moment; a socket closed meanwhile ends with their call (proc_readfd_common, fs/proc/fd.c; fput,
 * fs/file_table.c). A child that has only inherited its sockets does not wait: other processes have them. */
static void wait_for_readers(void) {
    struct timespec pause = {0, READERS_FIRST_NS};
    int64_t begun = unsock_libc_clock();
    /* The clock, too: to look takes long while other processes have the directory locked. */
    for (; unsock_this_process()->has_made && is_any_file_late() && pause.tv_nsec < READERS_MOST_NS &&
           unsock_libc_waited(begun) < READERS_MOST_NS;
         pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        remove_file_again();
    }
}

UNSOCK_AT_EXIT void unsock_release_file_afterwards(void) {
    if (!is_any_file_late() || !unsock_this_process_owns_descriptors())
        return;
    remove_file_again();
    /* Without threads, a socket that was in use at its close is in use by another process. */
    if (!unsock_has_threads() && !__atomic_load_n(&locked_out, __ATOMIC_RELAXED))
        wait_for_readers();
    else if (is_any_file_late())
        look_in_a_child();
}
