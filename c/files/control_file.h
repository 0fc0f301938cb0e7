/* Control files, and socket files at their targets. */
#ifndef UNSOCK_FILES_CONTROL_FILE_H
#define UNSOCK_FILES_CONTROL_FILE_H

#include "kernel/file_info.h"
#include "memory/fds.h"
#include "unsock.h"

/* control_file.c: Reads and writes control files. */

/* Reads the control file at `path` (NUL-terminated). Never blocks. Returns 0 with the checked content in `control`
 * (unless that is NULL), or open's -errno, or one of these:
 *   -ENOENT   there is no file
 *   -ENODATA  it is not a regular file (a socket, a FIFO, a directory, …)
 *   -EINVAL   it is a damaged control file, or cannot be read
 *   -ENOEXEC  it is another regular file
 *   -EACCES   its owner, or that of a link to it, is neither root nor this user nor its directory's owner */
int unsock_control_file_read(const char *path, struct unsock_control_file *control);

/* Writes the control file to `path` with this mode. The file appears there complete or not at all, and never replaces
 * another file. With `locked`, it appears with a shared lock (flock(2)), which the descriptor holds. Returns an open
 * descriptor of the file, or -errno; -EEXIST if `path` exists. */
long unsock_control_file_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

/* The kind of file at a path. */

enum unsock_resolved {
    UNSOCK_ANSWERS_NOBODY,  /* nothing is there */
    UNSOCK_ANSWERS_SOCKET,  /* a socket file, live or stale */
    UNSOCK_ANSWERS_CONTROL, /* a control file */
    UNSOCK_ANSWERS_OTHER,   /* in the way: a directory, a FIFO, a link to nowhere */
};

/* Returns the kind of file at the path, with a control file's content in `control` (or NULL). Or -EINVAL for a damaged
 * control file or another regular file, -EACCES for a file that may not be read or followed, or the -errno of a failed
 * look at the path. Never blocks. */
long unsock_resolve(const char *path, struct unsock_control_file *control);

/* True if a control file may be the reason for this -errno of a connect or a datagram. A file that is no socket gives
 * ECONNREFUSED; a file without write permission gives EACCES first (unix_find_bsd, net/unix/af_unix.c). */
static inline bool unsock_resolve_is_worth_it(long result) {
    return result == -ECONNREFUSED || result == -EACCES;
}

/* target_file.c: Socket files at the targets of control files, in any directory.
 * The close of a socket's last descriptor removes the socket's file, by the rules of the library's own directory: with
 * the directory of the file locked, after the kernel has said that the socket is closed. But if that close cannot
 * remove the file, nobody tries later. Only the kernel knows the file's path, so the library reads it while the socket
 * is open; and it removes only the file to which the socket was bound. */

struct unsock_target_file {
    struct unsock_file_id file;
    socklen_t length;
    union unsock_sockaddr name; /* a NUL follows, even if a path fills all of sun_path */
};

/* Binds a socket to an AF_UNIX path (of `length` bytes with the family; a NUL may end it). Replaces a stale file. Fills
 * `where` with the socket's file; for a relative path with none, so that the close removes no file. Returns 0 or
 * -errno. */
long unsock_target_file_bind(int socket, const void *address, socklen_t length, struct unsock_target_file *where);

/* Fills `where` with the file of a socket whose descriptor is about to be closed. Returns true if the socket certainly
 * has a file outside the directory, at an absolute path. Makes no system call for sockets without such a file. */
bool unsock_target_file_find(int fd, const struct unsock_fd *entry, struct unsock_target_file *where);

/* After the close: removes the file that unsock_target_file_find has found, if any. If another descriptor has the
 * socket, the file stays until the next bind to the path. */
void unsock_target_file_release(const struct unsock_target_file *where);

#endif
