/* The directory's lock. */
#include "files/lock.h"

#include "rt/net.h"
#include "rt/sys.h"
#include "rules/settings.h"

#define LOCK_EX_NB (2 | 4)
#define LOCK_UN_NOW 8
#define SIGNALS_SET 2 /* SIG_SETMASK */
#define LOCK_TRIES 200
#define LOCK_WAIT_NS 1000000

/* Whoever may read the directory could hold the lock: that must not stop us for long. */
void unsock_lock_take(struct unsock_lock *lock) {
    static const uint64_t all = ~(uint64_t)0;
    struct timespec pause = {0, LOCK_WAIT_NS};
    lock->signals = 0;
    unsock_sys(__NR_rt_sigprocmask, SIGNALS_SET, &all, &lock->signals, sizeof(all));
    lock->fd = unsock_sys(__NR_openat, AT_FDCWD, unsock_settings.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; lock->fd >= 0 && i < LOCK_TRIES; i++) {
        if (unsock_sys(__NR_flock, lock->fd, LOCK_EX_NB) != -EAGAIN)
            break;
        unsock_sys(__NR_nanosleep, &pause, 0);
    }
}

void unsock_lock_give_up(struct unsock_lock *lock) {
    if (lock->fd < 0)
        return;
    /* Explicitly: a child that another thread forked meanwhile has a copy of the descriptor. */
    unsock_sys(__NR_flock, lock->fd, LOCK_UN_NOW);
    unsock_sys(__NR_close, lock->fd);
    lock->fd = -EMFILE;
}

void unsock_lock_drop(struct unsock_lock *lock) {
    unsock_lock_give_up(lock);
    unsock_sys(__NR_rt_sigprocmask, SIGNALS_SET, &lock->signals, 0, sizeof(lock->signals));
}
