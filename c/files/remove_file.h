/*
 * Removing a socket file. Where that cannot be done when its last descriptor here is closed, as somebody still has it
 * open, or the directory cannot be locked, the socket is kept: it is looked at again later, and when the process ends.
 */
#ifndef UNSOCK_REMOVE_FILE_H
#define UNSOCK_REMOVE_FILE_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open. Returns 1 when there is nothing more to do, 0 when
 * somebody has it, and -errno when the directory cannot be locked: by a signal handler, say, whose thread has the lock.
 */
long unsock_remove_file_try(const struct unsock_fd *old);

/* The same, asking by a socket that was made for that (unsock_socketfile_probe), for who has several to ask about. */
long unsock_remove_file_try_by(long probe, const struct unsock_fd *old);

/*
 * Closes the descriptor of a socket that nobody but this process is likely to have; `probe` asks. *done is what
 * unsock_remove_file_try would say. Returns what close(2) said.
 */
long unsock_remove_file_close(int fd, const struct unsock_fd *old, long probe, long *done);

/* Takes the file away from a socket that stays open but will never accept again. False: the directory cannot be locked.
 */
bool unsock_remove_file_force(const struct unsock_fd *entry);

/*
 * What became of a closed socket's file, `done` as unsock_remove_file_try says: 1: it is settled, and need not be kept
 * any more; 0 or -errno: it is kept, once.
 */
void unsock_remove_file_result(const struct unsock_fd *old, long done);

/* Keeps it. `for_the_lock`: because the directory could not be locked; it goes as soon as it can be. */
void unsock_remove_file_keep(const struct unsock_fd *old, bool for_the_lock);

/* Looks at all of them again. */
void unsock_remove_file_again(void);

/* Is any kept, and any for the lock alone? */
bool unsock_remove_file_any(void);
bool unsock_remove_file_any_for_the_lock(void);

#endif
