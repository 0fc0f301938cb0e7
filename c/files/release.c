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

#define LATE_LOOKS 2
#define LATE_BITS (2 << 16)
#define SINGLE_THREAD_LINKS 3
#define READERS_FIRST_NS 50000
#define READERS_MOST_NS 10000000
#define AFTERWARDS_PAUSE_NS 2000000
#define AFTERWARDS_PAUSES 2500 /* five seconds */
#define AFTERWARDS_LOOKS 5

static const uint64_t all_signals = UNSOCK_ALL_SIGNALS;

/* Removes the file of a closed socket. Checks without the lock first: the file of a live socket stays. Returns 1 if
 * nothing is left to do, 0 if the socket is open elsewhere, -errno if the directory cannot be locked. */
UNSOCK_OWN_FRAME static long remove_file_try_by(long probe, const struct unsock_fd *old) {
    struct sockaddr_un path;
    struct unsock_port_entry me;
    struct unsock_lock lock;
    if (unsock_fd_is_handed(old))
        return true;
    unsock_port_own(old, &me);
    socklen_t length = unsock_port_path(&me, &path);
    if (unsock_socketfile_is_live(probe, &path, length))
        return false;
    long done = unsock_lock_take(&lock, true);
    enum unsock_port_life life = done == 0 ? unsock_socketfile_life(probe, &path, length) : UNSOCK_PORT_UNKNOWN;
    if (life == UNSOCK_PORT_STALE || life == UNSOCK_PORT_GONE) {
        unsock_port_leave(&me, life, probe);
        done = true;
    }
    unsock_lock_drop(&lock);
    return done;
}

/* Closes the descriptor with the directory locked. Until this function removes the file, no other socket can be in the
 * middle of a bind to its name. So one probe is enough: it cannot take a half-bound socket for a stale one. */
static long close_locked(int fd, const struct unsock_fd *old, long probe, long *done) {
    struct sockaddr_un path;
    struct unsock_port_entry me;
    unsock_port_own(old, &me);
    socklen_t length = unsock_port_path(&me, &path);
    struct unsock_port *port = unsock_port_hand_on(&me, probe);
    long result = unsock_close(fd);
    enum unsock_port_life life = unsock_socketfile_life_at_rest(probe, &path, length);
    *done = life == UNSOCK_PORT_STALE || life == UNSOCK_PORT_GONE;
    if (port)
        unsock_port_handed_on(port, &me, life, probe);
    else if (*done)
        unsock_port_leave(&me, life, probe);
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
        struct unsock_port_entry me;
        UNSOCK_CLOSED long probe = unsock_socketfile_probe();
        unsock_port_own(entry, &me);
        unsock_port_leave(&me, UNSOCK_PORT_STALE, probe);
    }
    unsock_lock_drop(&lock);
    return locked;
}

/* Ports kept for later, one bit for each: first of streams, then of datagram sockets. A close in this process could not
 * remove the names of a socket of the port. Another process has the socket, or a thread of this process is in accept or
 * waits for a datagram (as when Java closes a socket), or the directory could not be locked. */
static UNSOCK_TABLE uint64_t late[LATE_BITS / 64];
static bool any_kept; /* a port was ever kept; if not, the end of the process need not search */

static bool locked_out; /* a port was kept because the lock was not free */

/* Checks a kept port again: another process that had its socket open may have closed it since. */
static void look_at_late(unsigned bit) {
    struct unsock_port_key key = {(uint16_t)bit, bit >> 16 ? SOCK_DGRAM : SOCK_STREAM};
    long done = unsock_port_sweep_dead(key);
    if (done < 0)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    else if (done > 0)
        unsock_bit_clear(late, bit);
}

UNSOCK_OWN_FRAME static void remove_file_again(void) {
    __atomic_store_n(&locked_out, false, __ATOMIC_RELAXED);
    for (int bit = 0; (bit = unsock_bits_next(late, bit, LATE_BITS)) < LATE_BITS; bit++)
        look_at_late((unsigned)bit);
}

/* Checks a few of the kept ports, not all: a child may close thousands of inherited sockets one by one. */
static void look_at_some(void) {
    static int turn;
    for (int looks = 0; looks < LATE_LOOKS; looks++) {
        int bit = unsock_bits_next(late, __atomic_load_n(&turn, __ATOMIC_RELAXED), LATE_BITS);
        __atomic_store_n(&turn, bit < LATE_BITS ? bit + 1 : 0, __ATOMIC_RELAXED);
        if (bit < LATE_BITS)
            look_at_late((unsigned)bit);
    }
}

/* From now on the children of this process check the file themselves (unsock_files_left). A child that closed the
 * socket earlier may have left the file to this process, so this function checks once more. */
void unsock_remove_file_keep(const struct unsock_fd *old, bool for_the_lock) {
    unsigned bit = old->local.port | (old->type == SOCK_DGRAM ? 1u << 16 : 0);
    if (for_the_lock)
        __atomic_store_n(&locked_out, true, __ATOMIC_RELAXED);
    unsock_bit_set(late, bit);
    __atomic_store_n(&any_kept, true, __ATOMIC_RELAXED);
    unsock_files_left();
    if (unsock_this_process()->has_made)
        look_at_late(bit);
}

/* Keeps the port for later if the file could not be removed (`done` below 1). If a duplicate in this process has the
 * socket, the duplicate's close tries again instead. After a success, checks ports that were kept. */
static void remove_file_result(const struct unsock_fd *old, long done) {
    if (done < 0 || (done == 0 && !unsock_fds_has_duplicate(old)))
        unsock_remove_file_keep(old, done < 0);
    else if (done > 0 && __atomic_load_n(&locked_out, __ATOMIC_RELAXED))
        remove_file_again();
    else if (done > 0 && __atomic_load_n(&any_kept, __ATOMIC_RELAXED))
        look_at_some();
}

UNSOCK_AT_EXIT static bool is_any_file_late(void) {
    return __atomic_load_n(&any_kept, __ATOMIC_RELAXED) && unsock_bits_next(late, 0, LATE_BITS) < LATE_BITS;
}

/* /proc/self/task has a link for ".", for "..", and for each thread (proc_task_getattr, fs/proc/base.c). */
bool unsock_has_threads(void) {
    struct statx status;
    if (unsock_libc_is_single_threaded())
        return false;
    return unsock_statx(AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &status) == 0 &&
           status.stx_nlink > SINGLE_THREAD_LINKS;
}

/* True if the parent will remove the file of the socket that this process has just closed. */
UNSOCK_AT_EXIT static bool is_left_to_parent(void) {
    return unsock_files_are_parents() && !unsock_has_threads();
}

/* True if the descriptor still has a socket with a file in the directory. If this process has made socket files, the
 * port must be that of `old`, too. If it has made none, a guess is enough to decide whether to close the descriptor. */
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
    return read.kind == UNSOCK_NAME_FILE && read.entry.ip.port == old->local.port && read.entry.type == old->type;
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
    if (old->kind != UNSOCK_KIND_LOCAL || unsock_sandboxed || is_left_to_parent())
        return;
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    remove_file_result(old, remove_file_try_by(probe, old));
}

/* Takes the lock before the close, so that one check is enough. But if this process has a duplicate, has only inherited
 * the socket, or has it from a service manager, the socket probably stays open: checks after the close, unlocked. */
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

/* In a child of an ending process: closes all descriptors, waits for that process's end, then checks the kept ports. */
_Noreturn static void look_afterwards(long parent) {
    unsock_rt_sigprocmask(SIG_BLOCK, &all_signals, NULL);
    unsock_chdir("/"); /* so that the file system of the working directory can be unmounted */
    /* If a filter forbids the call, this child itself keeps the sockets open, and cannot check them. */
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

/* Starts the child, and waits until it has closed the descriptors that it inherited. If this process ended earlier, its
 * pipes would not end yet, and its file locks would stay. */
static void look_in_a_child(void) {
    int32_t ends[2];
    bool is_told = unsock_pipe2(ends, O_CLOEXEC) == 0;
    long parent = unsock_getpid();
    if (unsock_clone(0, NULL) == 0)
        look_afterwards(parent);
    if (!is_told)
        return;
    struct pollfd polled = {ends[0], POLLIN, 0};
    /* Waits at most a second: a child that another thread has just forked may keep the pipe open. */
    struct timespec most = {1, 0};
    unsock_close(ends[1]);
    unsock_ppoll(&polled, 1, &most, &all_signals, sizeof(all_signals));
    unsock_close(ends[0]);
}

/* Checks the ports kept for later, for up to 10 ms. A process that lists /proc/PID/fd, such as a monitor, holds each
 * file open for a moment, and a socket closed meanwhile ends only after this (proc_readfd_common, fs/proc/fd.c; fput,
 * fs/file_table.c). If this process has only inherited its sockets, other processes have them, so it does not wait. */
static void wait_for_readers(void) {
    struct timespec pause = {0, READERS_FIRST_NS};
    int64_t begun = unsock_libc_clock();
    /* Also ends by the clock: remove_file_again takes long while other processes have the directory locked. */
    for (; unsock_this_process()->has_made && is_any_file_late() && pause.tv_nsec < READERS_MOST_NS &&
           unsock_libc_waited(begun) < READERS_MOST_NS;
         pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        remove_file_again();
    }
}

/* A thread that is blocked in accept or a receive keeps its socket alive until this process ends. Only then can the
 * library tell whether another process has it. So a child without descriptors waits for the end, then checks the ports
 * kept for later; if no child can be made, the next bind checks them. A process without threads only retries. */
UNSOCK_AT_EXIT void unsock_release_file_afterwards(void) {
    if (!is_any_file_late() || !unsock_this_process_owns_descriptors())
        return;
    remove_file_again();
    /* Without threads, only another process can still have a kept port's socket open: perhaps a reader of /proc. */
    if (!unsock_has_threads() && !__atomic_load_n(&locked_out, __ATOMIC_RELAXED))
        wait_for_readers();
    else if (is_any_file_late())
        look_in_a_child();
}
