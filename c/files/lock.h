/*
 * The lock of a directory, held by whoever removes or moves a socket file in it.
 *
 * It is a POSIX record lock (fcntl(2)) on a file of its own, ".unsock.lock". To make a file costs several times what it
 * costs to open one. So in a directory that nobody but its owner may write to, a process leaves the file there until it
 * ends. In others another user could not open it, and the file is there only while somebody has the lock or waits for
 * it.
 *   - Only those who may write to the directory can have the lock. Nobody else can make the file, and its mode lets
 *     nobody else open it, for reading neither.
 *   - A process that is killed has it no longer, and a child that another thread forked meanwhile never has it: such
 *     locks belong to the process that took them.
 *   - Threads of one process would share it. They exclude each other by a word in memory.
 *
 * Signals are held back meanwhile in the first thread alone. A thread that holds signals back and lets them in again
 * takes what was sent to the process just then. It would also take what the first thread has been woken for; that one
 * would sleep on, and Python runs its handlers nowhere else.
 */
#ifndef UNSOCK_LOCK_H
#define UNSOCK_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unsock_lock {
    long fd;          /* of the lock's file; -errno: why there is none */
    bool blocks;      /* signals are held back */
    bool keeps;       /* the file stays for the next time */
    bool closes;      /* a socket is to be closed: where this process has left the file, it is as it was */
    uint64_t signals; /* then: the thread's mask before */
    char path[128];   /* of the lock's file: its directory's may be as long as fits into a sun_path */
};

/*
 * Locks a directory (an absolute path of `length` bytes). Waits for others, at most a second, and 20 ms where this
 * process has done so in vain in the last ten seconds; not in a signal handler that has interrupted this thread while
 * it has a lock. Returns 0; or, not locked, -EADDRINUSE when others have it all the time, -EACCES for a directory that
 * cannot be written to, -ENOBUFS when there is no descriptor, space or memory.
 */
long unsock_lock_take_in(struct unsock_lock *lock, const char *directory, size_t length);

/*
 * The same of the directory of the socket files. `closes`: to close a socket. Whether others may write to the directory
 * by now is asked where one is bound: whoever may not open the file that this process has left, waits for that anyway.
 */
long unsock_lock_take(struct unsock_lock *lock, bool closes);

/* Unlocks, whatever locking said. */
void unsock_lock_drop(struct unsock_lock *lock);

/*
 * This process ends: removes the file that it has left for the next time. Waits for nobody: who has the lock now, and
 * leaves the file, removes it in turn.
 */
void unsock_lock_end(void);

#endif
