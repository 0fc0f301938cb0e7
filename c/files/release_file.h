/* What becomes of socket files when descriptors close: at once, later, or at the end of the process. */
#ifndef UNSOCK_RELEASE_FILE_H
#define UNSOCK_RELEASE_FILE_H

#include "memory/fds.h"
#include "rt/net.h"

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open. A file that a control file names is
 * not in the directory, and nothing to this (files/target_file.h).
 */
void unsock_release_file(const struct unsock_fd *old);

/* Closes the descriptor that `old` describes, a socket with a file, and releases that. Returns what close(2) said. */
long unsock_release_file_closing(int fd, const struct unsock_fd *old);

/* The process is ending, and closes its sockets now: looks once more at those that it closed before. */
void unsock_release_file_earlier(void);

/* What is found out once for all of those. */
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

#endif
