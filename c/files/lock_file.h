/* The file of a directory's lock. */
#ifndef UNSOCK_LOCK_FILE_H
#define UNSOCK_LOCK_FILE_H

#include "files/lock.h"

/*
 * Opens the file of a lock that is being taken, or makes it; whether it stays there when the lock is given back is said
 * in `lock`. *made: this process has made it just now, and by this name alone. Returns the descriptor or -errno.
 */
long unsock_lock_file_open(struct unsock_lock *lock, const char *directory, bool *made);

#endif
