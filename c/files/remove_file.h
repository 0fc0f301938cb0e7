/* Removing one socket file. */
#ifndef UNSOCK_REMOVE_FILE_H
#define UNSOCK_REMOVE_FILE_H

#include "memory/fds.h"

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

#endif
