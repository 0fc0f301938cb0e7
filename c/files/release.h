/* Removes socket files at the end of their sockets. */
#ifndef UNSOCK_FILES_RELEASE_H
#define UNSOCK_FILES_RELEASE_H

#include "memory/fds.h"

/* release.c: Removes socket files when descriptors are closed: at once, later, or at the end of the process. */

/* Called after the close of the descriptor that `old` describes: removes the socket's file, unless the socket is still
 * open elsewhere. Not for a file at a control file's target (files/control_file.h). */
void unsock_release_file(const struct unsock_fd *old);

/* Closes the descriptor that `old` describes, and removes the socket's file as unsock_release_file. */
long unsock_release_file_closing(int fd, const struct unsock_fd *old);

/* Called at the end of the process: closes the descriptor, if it still has the socket, and removes the socket's file.
 * *probe is the probe (unsock_socketfile_probe), negative until the first use. The caller closes it. */
void unsock_release_file_at_end(int fd, const struct unsock_fd *old, long *probe);

/* Called at the end of the process, after its closes: checks again the sockets whose files a close could not remove. */
void unsock_release_file_afterwards(void);

bool unsock_has_threads(void);

/* Removes the names of a socket, after a new socket that only reserves the port has replaced it, even if some process
 * still has the old socket open. False if the directory could not be locked. */
bool unsock_remove_file_force(const struct unsock_fd *entry);

/* Remembers the port of a socket whose file could not be removed at its close: later closes and the end of the process
 * check the port again. `for_the_lock`: the lock was not free, so the next close that gets the lock tries again. */
void unsock_remove_file_keep(const struct unsock_fd *old, bool for_the_lock);

/* prune.c: Removes stale names from a directory of socket files, on request. */

#include "unsock.h" /* unsock_prune */

/* Receives each stale name. `result`: 1, or -errno if the name cannot be removed. */
struct unsock_prune_seer {
    void (*see)(void *context, const char *name, long result);
    void *context;
};

/* Finds the stale names in the directory at an absolute path; with `remove`, removes them. `seer` gets each one except
 * the library's own (records, the lock's file). A port's first socket is reported as PORT.sock if PORT.sock is removed
 * with it. Returns 0, or -errno if not all names were checked. */
long unsock_prune_directory(const char *directory, bool remove, const struct unsock_prune_seer *seer);

#endif
