/* What becomes of socket files when descriptors close. */
#include "files/release.h"

#include "files/removal.h"
#include "kernel/file_info.h"
#include "memory/fds.h"
#include "memory/option_table.h"
#include "memory/own.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define LATE_MOST 128
#define TAKEN 0xff /* not a kind: a thread is at it */
#define SINGLE_THREAD_LINKS 3
#define AFTERWARDS_PAUSE_NS 2000000
#define AFTERWARDS_PAUSES 2500 /* five seconds */

/*
 * Sockets that were still in use when their last descriptor here was closed: by another process, or by a thread of this
 * one that is in accept or waits for a datagram, and will come back (Java closes so). Tried again later.
 */
static struct unsock_fd late[LATE_MOST];

static bool take_place(struct unsock_fd *place, const struct unsock_fd *old) {
    uint8_t free = UNSOCK_KIND_UNKNOWN;
    if (!__atomic_compare_exchange_n(&place->kind, &free, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    place->type = old->type;
    place->state = old->state;
    place->flags = old->flags;
    place->options = old->options;
    place->local = old->local;
    place->file.inode = old->file.inode;
    __atomic_store_n(&place->kind, old->kind, __ATOMIC_RELEASE);
    return true;
}

static bool keep_for_later(const struct unsock_fd *old) {
    int i = 0;
    while (i < LATE_MOST && !take_place(&late[i], old))
        i++;
    return i < LATE_MOST;
}

/* Looks again at those that were kept: who had such a socket open then may be done with it. */
static void release_late(void) {
    for (int i = 0; i < LATE_MOST; i++) {
        uint8_t kind = UNSOCK_KIND_LOCAL;
        if (!__atomic_compare_exchange_n(&late[i].kind, &kind, TAKEN, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            continue;
        bool done = unsock_removal_try(&late[i]);
        __atomic_store_n(&late[i].kind, done ? UNSOCK_KIND_UNKNOWN : UNSOCK_KIND_LOCAL, __ATOMIC_RELEASE);
    }
}

void unsock_release(const struct unsock_fd *old) {
    if (unsock_removal_try(old) || !unsock_fd_knows_inode(old))
        return;
    if (!keep_for_later(old)) {
        release_late();
        keep_for_later(old);
    }
}

bool unsock_release_was(const struct sockaddr_un *path) {
    int64_t inode = unsock_file_inode(path->sun_path);
    int row = unsock_option_find(SOL_SOCKET, SO_REUSEADDR);
    for (int i = 0; inode > 0 && i < LATE_MOST; i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL &&
            late[i].file.inode == (uint64_t)inode)
            return unsock_option_is_set(-1, &late[i], row);
    }
    return false;
}

static bool any_late(void) {
    for (int i = 0; i < LATE_MOST; i++) {
        if (__atomic_load_n(&late[i].kind, __ATOMIC_ACQUIRE) == UNSOCK_KIND_LOCAL)
            return true;
    }
    return false;
}

/* Of /proc/self/task: ".", ".." and one for each thread (proc_task_getattr, fs/proc/base.c). */
static bool has_threads(void) {
    struct statx status;
    return unsock_sys(__NR_statx, AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &status) == 0 &&
           status.stx_nlink > SINGLE_THREAD_LINKS;
}

/* The child of a process that is ending: has nothing of its open, waits until it is gone, and looks again. */
_Noreturn static void look_afterwards(long parent) {
    static const uint64_t all = ~(uint64_t)0;
    struct timespec pause = {0, AFTERWARDS_PAUSE_NS};
    unsock_sys(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, 0, sizeof(all));
    unsock_sys(__NR_close_range, 0, ~0u, 0);
    for (int i = 0; i < AFTERWARDS_PAUSES && unsock_sys(__NR_getppid) == parent; i++)
        unsock_sys(__NR_nanosleep, &pause, 0);
    release_late();
    for (;;)
        unsock_sys(__NR_exit_group, 0);
}

void unsock_release_afterwards(void) {
    if (!any_late() || !unsock_own_descriptors())
        return;
    release_late();
    if (!any_late() || !has_threads())
        return;
    long parent = unsock_sys(__NR_getpid);
    if (unsock_sys(__NR_clone, 0, 0, 0, 0, 0) == 0)
        look_afterwards(parent);
}
