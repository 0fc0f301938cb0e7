/* The end of a socket file. */
#ifndef UNSOCK_FILES_RELEASE_H
#define UNSOCK_FILES_RELEASE_H

#include "memory/fds.h"

/* release.c: Removes socket files when descriptors close: at once, later, or at the end of the process. */

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open. A file that a control file names is
 * not in the directory, and nothing to this (files/control_file.h).
 */
void unsock_release_file(const struct unsock_fd *old);

/* Closes the descriptor that `old` describes, a socket with a file, and releases that. Returns what close(2) said. */
long unsock_release_file_closing(int fd, const struct unsock_fd *old);

/* The process is ending, and closes its sockets now: looks once more at those that it closed before. */
void unsock_release_file_earlier(void);

/* Facts that are found out once for all of those. */
struct unsock_release_file_end {
    long probe; /* the socket that asks (unsock_socketfile_probe); negative at first: made where it is needed */
    bool alone; /* false at first. Neither did this process make any of them, nor has it threads that can be in the way:
                   others have them, and will release them */
};

/* Releases one of those; and closes and releases one. */
void unsock_release_file_at_end(const struct unsock_fd *old, struct unsock_release_file_end *end);
void unsock_release_file_close_at_end(int fd, const struct unsock_fd *old, struct unsock_release_file_end *end);

/* That was the last one. */
void unsock_release_file_ended(struct unsock_release_file_end *end);

/*
 * The process is ending, and has closed its sockets. One that a thread of its own is still waiting at, in accept or for
 * a datagram, is in use until that thread ends: only then can be known whether another process has it too. A child that
 * has nothing open waits for that, and looks once more. Where it cannot be made the file is left for the next bind.
 * Without threads this one waits itself, for a few milliseconds: somebody may just be listing its descriptors.
 */
void unsock_release_file_afterwards(void);

/*
 * Removing a socket file. Where that cannot be done when its last descriptor here is closed, as somebody
 * still has it open, or the directory cannot be locked, the socket is kept: it is looked at again later, and when the
 * process ends.
 */

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
 * Notes the result for a closed socket's file, `done` as unsock_remove_file_try returns it: 1: it need not be kept any
 * more; 0 or -errno: it is kept, once.
 */
void unsock_remove_file_result(const struct unsock_fd *old, long done);

/* Keeps it. `for_the_lock`: because the directory could not be locked; it goes as soon as it can be. */
void unsock_remove_file_keep(const struct unsock_fd *old, bool for_the_lock);

/* Looks at all of them again. */
void unsock_remove_file_again(void);

/* True if any is kept; if any was kept because the directory could not be locked. */
bool unsock_remove_file_any(void);
bool unsock_remove_file_any_for_the_lock(void);

/* prune.c: Removes stale names from a directory of socket files, on request. */

#include "unsock.h" /* unsock_prune */

/* Receives each stale name, and 1, or -errno where it cannot be removed. */
struct unsock_prune_seer {
    void (*see)(void *context, const char *name, long result);
    void *context;
};

/*
 * All stale names in the directory at an absolute path. A port's first socket is told as PORT.sock where that
 * goes with it. Names that say nothing to users (records, the lock's file) are not told. Returns 0, or -errno: not all
 * has been looked at.
 */
long unsock_prune_directory(const char *directory, bool remove, const struct unsock_prune_seer *seer);

#endif
