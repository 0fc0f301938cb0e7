/*
 * Sockets whose file could not be removed when their last descriptor here was closed: somebody still had them open, or
 * the directory could not be locked. They are looked at again later, and when the process ends.
 */
#ifndef UNSOCK_DEFERRED_REMOVAL_H
#define UNSOCK_DEFERRED_REMOVAL_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * What became of a closed socket's file, `done` as unsock_remove_file_try says: 1: it is settled, and need not be kept
 * any more; 0 or -errno: it is kept, once.
 */
void unsock_deferred_removal_result(const struct unsock_fd *old, long done);

/* Keeps it. `for_the_lock`: because the directory could not be locked; it goes as soon as it can be. */
void unsock_deferred_removal_keep(const struct unsock_fd *old, bool for_the_lock);

/* Looks at all of them again. */
void unsock_deferred_removal_again(void);

/* Is any kept, and any for the lock alone? */
bool unsock_deferred_removal_any(void);
bool unsock_deferred_removal_any_for_the_lock(void);

#endif
