/* Locks a directory by a record lock on a file in it (files/directory.h). */
#include "files/directory.h"

#include "kernel/socket_info.h"
#include "memory/process.h"
#include "rt/user.h"

#define LOCK_NAME "/.unsock.lock"
#define ON_SIGNAL_STACK 1 /* SS_ONSTACK */
#define WAIT_FIRST_NS 20000
#define WAIT_LONGEST_NS 5000000
#define WAIT_MOST_NS 1000000000
#define WAIT_AGAIN_NS 20000000
#define VAIN_NS 10000000000
#define CLOSED_MOST_NS 50000000
#define FLAGS (O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)

#ifdef __aarch64__
#define SIGNAL_FRAME_LEAST 4096
#else
#define SIGNAL_FRAME_LEAST 1024
#endif

/* struct flock of fcntl(2) on 64-bit machines. */
struct record {
    int16_t type, whence;
    int64_t start, length;
    int32_t pid;
};

/* Frees the record lock of a thread that did not unlock: it ended, or left the locked code by siglongjmp. */
static void close_left(struct unsock_this_process *own) {
    int32_t left = own->lock_file - 1;
    own->lock_file = 0;
    unsock_close_open(left);
}

/* Returns a checksum of lock->path. The path does not change while the lock is held. */
static uint64_t sum_of(const struct unsock_lock *lock) {
    uint64_t sum = 0, word;
    for (size_t i = 0; i < sizeof(lock->path); i += sizeof(word)) {
        memcpy(&word, lock->path + i, sizeof(word));
        sum = (sum ^ word) * 0x9e3779b97f4a7c15;
    }
    return sum;
}

/* Claims the lock for this thread; false if another thread has it. Takes the lock over from a thread that has ended. */
static bool claim_among_threads(int32_t self, const struct unsock_lock *lock) {
    struct unsock_this_process *own = unsock_this_process();
    int32_t other = 0;
    while (!__atomic_compare_exchange_n(&own->locker, &other, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        if (!unsock_this_process_owns_descriptors() || unsock_tgkill(own->owner, other, 0) != -ESRCH)
            return false;
    own->lock_frame = lock;
    own->lock_sum = sum_of(lock);
    if (other != 0)
        close_left(own);
    return true;
}

static void leave_to_threads(void) {
    __atomic_store_n(&unsock_this_process()->locker, 0, __ATOMIC_RELEASE);
}

/* True in a signal handler that interrupted this thread while it had the lock. The struct unsock_lock of the
 * interrupted code is then unchanged. It lies above `lock` on the stack, with at least the kernel's signal frame in
 * between (struct rt_sigframe in arch/x86/kernel/signal.c and arch/arm64/kernel/signal.c). */
__attribute__((noinline)) static bool is_below_handler(const struct unsock_lock *lock) {
    const struct unsock_lock *older = unsock_this_process()->lock_frame;
    return (uintptr_t)lock + sizeof(*lock) + SIGNAL_FRAME_LEAST <= (uintptr_t)older &&
           unsock_user_readable(older, sizeof(*older)) && sum_of(older) == unsock_this_process()->lock_sum;
}

/* True in a signal handler that interrupted this thread while it had the lock. If the thread has left the locked code
 * by siglongjmp instead, releases the lock and returns false. */
static bool has_interrupted(int32_t self, const struct unsock_lock *lock) {
    struct unsock_this_process *own = unsock_this_process();
    struct unsock_signal_stack stack = {.flags = ON_SIGNAL_STACK};
    if (__atomic_load_n(&own->locker, __ATOMIC_RELAXED) != self)
        return false;
    unsock_sigaltstack(NULL, &stack);
    if ((stack.flags & ON_SIGNAL_STACK) || is_below_handler(lock))
        return true;
    close_left(own);
    leave_to_threads();
    return false;
}

/* Makes the lock's file in a shared or another user's directory. Only users who may write to the directory can open the
 * file. The file gets its name last, so that a killed process never leaves a lock that these users cannot open. */
static long make_shared(const struct unsock_lock *lock, const struct statx *directory) {
    UNSOCK_TEXT(name, sizeof(lock->path) + 16);
    unsock_text_join(&name, lock->path, ".", UNSOCK_DECIMAL(unsock_gettid()));
    unsock_directory_unlink(name.buffer);
    long fd = unsock_directory_open(name.buffer, FLAGS | O_CREAT | O_EXCL, 0200);
    if (fd < 0)
        return fd;
    if (unsock_fchown(fd, directory->stx_uid, directory->stx_gid) < 0)
        unsock_fchown(fd, -1, directory->stx_gid);
    unsock_fchmod(fd, 0200 | (directory->stx_mode & UNSOCK_OTHERS_WRITE));
    long result = unsock_directory_link(name.buffer, lock->path);
    unsock_directory_unlink(name.buffer);
    return unsock_opened(fd, result);
}

/* Opens or makes the lock's file. Clears `lock->keeps` if the file must not stay after the unlock. Sets *made if this
 * process has just made the file under the lock's name. Returns the descriptor or -errno. */
static long open_lock_file(struct unsock_lock *lock, const char *directory, bool *made) {
    struct statx status;
    if (lock->closes && unsock_this_process()->lock_kept) {
        long fd = unsock_directory_open(lock->path, FLAGS, 0);
        if (fd >= 0)
            return fd;
    }
    if (unsock_statx(AT_FDCWD, directory, 0, STATX_MODE | STATX_UID | STATX_GID, &status) < 0)
        return -EACCES;
    /* A process leaves the file only in its user's own directory; setuid may have changed the user since then. */
    bool left = lock->keeps && unsock_this_process()->lock_kept;
    bool private =
        (status.stx_mode & UNSOCK_OTHERS_WRITE) == 0 && (left || status.stx_uid == (uint32_t)unsock_geteuid());
    lock->keeps = lock->keeps && private;
    long fd = lock->keeps ? unsock_directory_open(lock->path, FLAGS, 0) : -ENOENT;
    if (fd != -ENOENT)
        return fd;
    fd = private ? unsock_directory_open(lock->path, FLAGS | O_CREAT | O_EXCL, 0200) : make_shared(lock, &status);
    *made = private && fd >= 0;
    return fd == -EEXIST ? unsock_directory_open(lock->path, FLAGS, 0) : fd;
}

/* True if the locked file still has the lock's name: the lock's last holder may have unlinked the file. */
static bool is_the_file(const struct unsock_lock *lock, long fd, bool made) {
    struct statx status; /* one for both calls: a handler's stack may be small */
    if (unsock_statx(fd, "", AT_EMPTY_PATH, STATX_NLINK | STATX_INO | STATX_TYPE, &status) < 0)
        return false;
    /* Where only this user may write, nobody renames the file, so the link count decides. */
    if (made || lock->keeps)
        return status.stx_nlink > 0 && (status.stx_mode & S_IFMT) == S_IFREG;
    uint64_t opened = status.stx_ino;
    return (status.stx_mode & S_IFMT) == S_IFREG &&
           unsock_statx(AT_FDCWD, lock->path, AT_SYMLINK_NOFOLLOW, STATX_INO, &status) == 0 && opened == status.stx_ino;
}

/* Tries once to take the lock. Returns the descriptor; -EAGAIN if a retry may succeed; or another -errno. */
static long attempt(struct unsock_lock *lock, const char *directory) {
    struct record whole = {.type = F_WRLCK};
    bool made = false;
    long fd = open_lock_file(lock, directory, &made);
    if (fd < 0)
        return fd == -ENOENT ? -EAGAIN : fd;
    long result = unsock_fcntl(fd, F_SETLK, (unsigned long)&whole);
    if (result == 0 && is_the_file(lock, fd, made))
        return fd;
    unsock_close(fd);
    return result == 0 || result == -EACCES ? -EAGAIN : result;
}

/* True if a retry within the time `most` may get the lock: another process or thread has it, or its file cannot be
 * opened and may soon be removed. False if the file cannot be made. */
static bool may_lock_change(const struct unsock_lock *lock, long result, int64_t waited, int64_t most) {
    struct statx status;
    if (result != -EACCES)
        return result == -EAGAIN && waited < most;
    return waited < UNSOCK_MIN(CLOSED_MOST_NS, most) &&
           unsock_statx(AT_FDCWD, lock->path, AT_SYMLINK_NOFOLLOW, STATX_INO, &status) == 0;
}

static long wait_for_lock(struct unsock_lock *lock, const char *directory, int32_t self, int64_t most) {
    struct timespec pause = {0, WAIT_FIRST_NS};
    struct unsock_this_process *own = unsock_this_process();
    long result = -EAGAIN;
    bool first_here = false, in_vain = own->lock_vain != 0 && own->lock_vain > unsock_libc_clock();
    int64_t waited = 0;
    most = in_vain ? UNSOCK_MIN(most, WAIT_AGAIN_NS) : most;
    for (; may_lock_change(lock, result, waited, most); waited += pause.tv_nsec) {
        if (waited > 0) {
            /* Sleeps the whole time, even if signals are handled meanwhile. */
            for (struct timespec rest = pause; unsock_nanosleep(&rest, &rest) == -EINTR;)
                ;
            pause.tv_nsec = UNSOCK_MIN(2 * pause.tv_nsec, WAIT_LONGEST_NS);
        }
        first_here = first_here || claim_among_threads(self, lock);
        result = first_here ? attempt(lock, directory) : -EAGAIN;
    }
    if (result >= 0)
        own->lock_file = (int32_t)result + 1;
    else if (first_here)
        leave_to_threads();
    /* If a stopped process has the lock, only the first of many closes waits long. */
    if (result >= 0 || waited >= WAIT_AGAIN_NS)
        own->lock_vain = result == -EAGAIN ? unsock_libc_clock() + VAIN_NS : 0;
    return result;
}

static long take_lock_file(struct unsock_lock *lock, const char *directory, size_t length, int64_t most) {
    static const uint64_t all = ~(uint64_t)0;
    char name[sizeof(lock->path)];
    struct unsock_text text = unsock_text_in(name, sizeof(name));
    unsock_text_span(&text, (struct unsock_span){directory, length});
    memset(lock->path, 0, sizeof(lock->path)); /* sum_of reads all of it */
    text = unsock_text_in(lock->path, sizeof(lock->path));
    unsock_text_join(&text, name, LOCK_NAME);
    int32_t first = unsock_this_process()->owner, self = unsock_own_thread();
    lock->signals = 0;
    lock->blocks = first == 0 || first == self;
    if (lock->blocks)
        unsock_rt_sigprocmask(SIG_SETMASK, &all, &lock->signals);
    if (text.cut)
        lock->fd = -EACCES;
    else
        lock->fd = has_interrupted(self, lock) ? -EAGAIN : wait_for_lock(lock, length == 0 ? "/" : name, self, most);
    bool denied = lock->fd == -EACCES || lock->fd == -EPERM || lock->fd == -EROFS || lock->fd == -ENOTDIR;
    return lock->fd >= 0 ? 0 : denied ? -EACCES : lock->fd == -EAGAIN ? -EADDRINUSE : -ENOBUFS;
}

long unsock_lock_take_in(struct unsock_lock *lock, const char *directory, size_t length) {
    lock->keeps = lock->closes = false;
    return take_lock_file(lock, directory, length, WAIT_MOST_NS);
}

long unsock_lock_take(struct unsock_lock *lock, bool closes) {
    lock->keeps = true;
    lock->closes = closes;
    return take_lock_file(lock, unsock_settings.directory, unsock_settings.directory_length, WAIT_MOST_NS);
}

void unsock_lock_drop(struct unsock_lock *lock) {
    if (lock->fd >= 0) {
        /* Unlinks before unlocking: a process that opens the name from now on makes another file. */
        if (!lock->keeps)
            unsock_directory_unlink(lock->path);
        else
            unsock_this_process()->lock_kept = true;
        /* Clears lock_file before the close. In the other order, another thread could close the number after its reuse
         * (close_left). If a signal ends this thread in between, the descriptor stays open. */
        unsock_this_process()->lock_file = 0;
        unsock_close(lock->fd);
        leave_to_threads();
    }
    lock->fd = -EBADF;
    if (lock->blocks)
        unsock_rt_sigprocmask(SIG_SETMASK, &lock->signals, NULL);
}

UNSOCK_AT_EXIT void unsock_lock_end(void) {
    struct unsock_lock lock = {.keeps = false};
    if (!unsock_this_process()->lock_kept || !unsock_this_process_owns_descriptors())
        return;
    unsock_this_process()->lock_kept = false;
    take_lock_file(&lock, unsock_settings.directory, unsock_settings.directory_length, 1);
    unsock_lock_drop(&lock);
}
