/* The directory's lock. */
#ifndef UNSOCK_LOCK_H
#define UNSOCK_LOCK_H

#include <stdint.h>

struct unsock_lock {
    long fd; /* -errno: locked without */
    uint64_t signals; /* the thread's mask before */
};

/*
 * Locks the directory against others that clean up; whoever cannot have the lock (somebody holds it for 0.2 s, the
 * directory cannot be opened) goes on without. No signal handler runs in this thread until it is unlocked: one that
 * closes a socket would wait for the lock that it has interrupted.
 */
void unsock_lock_take(struct unsock_lock *lock);
void unsock_lock_drop(struct unsock_lock *lock);

/* Unlocks while the thread goes on as if it had the lock: its descriptor is needed for something else. */
void unsock_lock_give_up(struct unsock_lock *lock);

#endif
