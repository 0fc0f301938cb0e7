/* What becomes of socket files when descriptors close. */
#include "files/release.h"

#include "files/directory.h"
#include "files/port.h"
#include "memory/process.h"
#include "rt/system_calls.h"

#include <linux/poll.h>

#define SINGLE_THREAD_LINKS 3
#define READERS_FIRST_NS 50000
#define READERS_MOST_NS 10000000
#define AFTERWARDS_PAUSE_NS 2000000
#define AFTERWARDS_PAUSES 2500 /* five seconds */
#define AFTERWARDS_LOOKS 5

static const uint64_t all_signals = UNSOCK_ALL_SIGNALS;

/* Of /proc/self/task: ".", ".." and one for each thread (proc_task_getattr, fs/proc/base.c). */
static bool has_threads(void) {
    struct statx status;
    if (unsock_libc_is_single_threaded())
        return false;
    return unsock_statx(AT_FDCWD, "/proc/self/task", 0, STATX_NLINK, &status) == 0 &&
           status.stx_nlink > SINGLE_THREAD_LINKS;
}

static long probe_of(struct unsock_release_file_end *end) {
    if (end->probe < 0)
        end->probe = unsock_socketfile_probe();
    return end->probe;
}

static void settle_at_end(const struct unsock_fd *old, long done, struct unsock_release_file_end *end) {
    if (done > 0 || end->alone)
        return;
    end->alone = !unsock_this_process()->has_made && !has_threads();
    if (!end->alone)
        unsock_remove_file_keep(old, done < 0);
}

void unsock_release_file_at_end(const struct unsock_fd *old, struct unsock_release_file_end *end) {
    settle_at_end(old, unsock_remove_file_try_by(probe_of(end), old), end);
}

/* One that this process has only inherited, others have: it is asked about before the lock. */
void unsock_release_file_close_at_end(int fd, const struct unsock_fd *old, struct unsock_release_file_end *end) {
    long done = 0;
    if (unsock_this_process()->has_made && !unsock_fd_is_handed(old)) {
        unsock_remove_file_close(fd, old, probe_of(end), &done);
        settle_at_end(old, done, end);
        return;
    }
    unsock_close(fd);
    unsock_release_file_at_end(old, end);
}

void unsock_release_file_ended(struct unsock_release_file_end *end) {
    unsock_socketfile_probe_end(end->probe);
}

void unsock_release_file(const struct unsock_fd *old) {
    if (old->kind == UNSOCK_KIND_LOCAL)
        unsock_remove_file_result(old, unsock_remove_file_try(old));
}

/* One that others have for certain, or that this process has only inherited, is asked about before the lock. */
long unsock_release_file_closing(int fd, const struct unsock_fd *old) {
    long done = 0;
    if (unsock_fds_has_duplicate(old) || !unsock_this_process()->has_made || unsock_fd_is_handed(old)) {
        long result = unsock_real_close(fd);
        unsock_release_file(old);
        return result;
    }
    long probe = unsock_socketfile_probe(), result = unsock_remove_file_close(fd, old, probe, &done);
    unsock_socketfile_probe_end(probe);
    unsock_remove_file_result(old, done);
    return result;
}

/* The child of a process that is ending: has nothing of its open, waits until it is gone, and looks again. */
_Noreturn static void look_afterwards(long parent) {
    struct timespec pause = {0, AFTERWARDS_PAUSE_NS};
    unsock_rt_sigprocmask(SIG_BLOCK, &all_signals, NULL);
    unsock_chdir("/"); /* who unmounts what that was finds it free */
    /* Where a filter forbids it, the sockets would be open here. */
    if (unsock_close_range(0, ~0u, 0) < 0)
        unsock_exit(0);
    for (int i = 0; i < AFTERWARDS_PAUSES && unsock_getppid() == parent; i++)
        unsock_nanosleep(&pause, NULL);
    for (int i = 0; i < AFTERWARDS_LOOKS && unsock_remove_file_any(); i++) {
        if (i > 0)
            unsock_nanosleep(&pause, NULL);
        unsock_remove_file_again();
    }
    unsock_lock_end();
    unsock_exit(0);
}

/*
 * The child has all that is open here for a moment. Who waits for this process must not meet that: pipes would not be
 * at their end, and locks not free. So it ends when the child has closed the pipe, too.
 */
static void look_in_a_child(void) {
    int32_t ends[2];
    bool is_told = unsock_pipe2(ends, O_CLOEXEC) == 0;
    long parent = unsock_getpid();
    if (unsock_clone(0, NULL) == 0)
        look_afterwards(parent);
    if (!is_told)
        return;
    struct pollfd polled = {ends[0], POLLIN, 0};
    /* Another thread may have forked just then. */
    struct timespec most = {1, 0};
    unsock_close(ends[1]);
    unsock_ppoll(&polled, 1, &most, &all_signals, sizeof(all_signals));
    unsock_close(ends[0]);
}

void unsock_release_file_earlier(void) {
    if (unsock_remove_file_any() && unsock_this_process_owns_descriptors())
        unsock_remove_file_again();
}

/*
 * Who lists /proc/PID/fd has each file open for a moment, and what was closed meanwhile goes when its call returns
 * (proc_readfd_common, fs/proc/fd.c; fput, fs/file_table.c). A monitor that does so would leave the file in the
 * directory for good. A child that has only inherited its sockets does not wait: others have them.
 */
static void wait_for_readers(void) {
    struct timespec pause = {0, READERS_FIRST_NS};
    int64_t begun = unsock_libc_clock();
    /* To look takes long where others have the directory locked. */
    for (int64_t waited = 0; unsock_this_process()->has_made && unsock_remove_file_any() && waited < READERS_MOST_NS &&
                             unsock_libc_waited(begun) < READERS_MOST_NS;
         pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        unsock_remove_file_again();
        waited += pause.tv_nsec;
    }
}

void unsock_release_file_afterwards(void) {
    if (!unsock_remove_file_any() || !unsock_this_process_owns_descriptors())
        return;
    /* Without threads nothing of this process is in the way: somebody else has what was in use when it closed it. */
    if (!has_threads() && !unsock_remove_file_any_for_the_lock()) {
        wait_for_readers();
        return;
    }
    unsock_remove_file_again();
    if (!unsock_remove_file_any())
        return;
    look_in_a_child();
}
