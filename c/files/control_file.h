/* Control files, and what they lead to. */
#ifndef UNSOCK_FILES_CONTROL_FILE_H
#define UNSOCK_FILES_CONTROL_FILE_H

#include "kernel/file_info.h"
#include "memory/fds.h"
#include "unsock.h"

/* control_file.c: Reading control files. */

/*
 * Reads the control file at `path` (NUL-terminated). Never blocks. Returns 0 with the checked content in `control` (or
 * NULL), or open's error, or one of these:
 *   -ENOENT   there is no file
 *   -ENODATA  what is there is not a regular file (a socket, a FIFO, a directory, …)
 *   -EINVAL   it is a damaged control file
 *   -ENOEXEC  it is another regular file
 *   -EACCES   its owner may not say where this user's traffic goes: not root, not this user, not the directory's owner
 */
int unsock_control_file_read(const char *path, struct unsock_control_file *control);

/* Which file answers at a path: a socket, a control file, or nobody. */

enum unsock_resolved {
    UNSOCK_ANSWERS_NOBODY,  /* nothing is there */
    UNSOCK_ANSWERS_SOCKET,  /* a socket file, whose socket may live or be gone */
    UNSOCK_ANSWERS_CONTROL, /* a control file */
    UNSOCK_ANSWERS_OTHER,   /* something that is in the way: a directory, a FIFO, a link to nowhere */
};

/*
 * Returns one of these, with the content of a control file in `control` (or NULL). Else it returns -EINVAL for a
 * regular file that is no control file, -EACCES for one that may not be read, or what else looking at the path said.
 * Never blocks.
 */
long unsock_resolve(const char *path, struct unsock_control_file *control);

/*
 * True if -errno of a connect, or of a datagram, allows for a control file. A file that is no socket gives
 * ECONNREFUSED, but first EACCES without write permission (unix_find_bsd, net/unix/af_unix.c): to all but its owner.
 */
static inline bool unsock_resolve_is_worth_it(long result) {
    return result == -ECONNREFUSED || result == -EACCES;
}

/*
 * target_file.c: Socket files at paths of the user's choice, in whatever directory: where control files lead to.
 *
 * Such a file goes with the last descriptor of its socket, as those of the directory do, and by the same rules, but is
 * not kept for later. Removing it takes the lock of its directory, and a question to the kernel first. Only the kernel
 * remembers its path: it has to be asked while the socket is still open. Programs that know nothing of the lock may put
 * a file of their own there at any moment: nothing is removed but the very file that the socket was bound to.
 */

struct unsock_target_file {
    struct unsock_file_id file;
    socklen_t length;
    union unsock_sockaddr name; /* followed by a NUL, though a path may fill all of sun_path */
};

/*
 * Binds a socket to an AF_UNIX path (of `length` bytes with the family; a NUL may end it). A stale file
 * there gives way. Returns 0, with `where` filled (of no file where nothing is to go with the socket), or -errno.
 */
long unsock_target_file_bind(int socket, const void *address, socklen_t length, struct unsock_target_file *where);

/*
 * A descriptor of which `entry` is known is going to be closed: fills `where` with the file that goes with its socket.
 * Returns whether there is one, for certain. No system call for sockets that have none.
 */
bool unsock_target_file_find(int fd, const struct unsock_fd *entry, struct unsock_target_file *where);

/*
 * Removes the file that was found, if any, once the descriptor is closed. If the socket is still in use, the file stays
 * for the next bind.
 */
void unsock_target_file_release(const struct unsock_target_file *where);

#endif
