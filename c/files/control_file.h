/* Control files, and socket files at their targets. */
#ifndef UNSOCK_FILES_CONTROL_FILE_H
#define UNSOCK_FILES_CONTROL_FILE_H

#include "kernel/file_info.h"
#include "memory/fds.h"
#include "unsock.h"

/* control_file.c: Reads and writes control files. */

/* Reads the control file at `path` (NUL-terminated). Never blocks. Returns 0 with the checked content in `control`
 * (unless that is NULL), or the -errno of statx(2) or open(2), or one of these:
 *   - -ENODATA: it is not a regular file (a socket, a FIFO, a directory, …)
 *   - -EINVAL: it is a damaged control file, or cannot be read
 *   - -ENOEXEC: it is another regular file
 *   - -EACCES: the owner of the file, or of a link at `path`, is neither root, this user nor the directory's owner */
int unsock_control_file_read(const char *path, struct unsock_control_file *control);

/* Makes a control file at `path` with this mode. No reader sees a half-written file. Returns its descriptor, which with
 * `locked` has a shared lock (flock(2)) from the start; or -errno: -EEXIST, as an existing file is never replaced. */
long unsock_control_file_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

enum unsock_resolved {
    UNSOCK_ANSWERS_NOBODY,  /* nothing is there */
    UNSOCK_ANSWERS_SOCKET,  /* a socket file, live or stale */
    UNSOCK_ANSWERS_CONTROL, /* a control file */
    UNSOCK_ANSWERS_OTHER,   /* in the way: a directory, a FIFO, a link to nowhere */
};

/* Returns the kind of file at `path` (enum unsock_resolved), or -errno: -EINVAL for a damaged control file or another
 * regular file; -EACCES for a file that this user may not read, or whose owner is not trusted. Stores a control file's
 * content in `control`, unless that is NULL. Never blocks. */
long unsock_resolve(const char *path, struct unsock_control_file *control);

/* True if a control file may have caused this -errno of a connect or a send. A file that is no socket gives
 * ECONNREFUSED, or EACCES if this user may not write to the file (unix_find_bsd, net/unix/af_unix.c). */
static inline bool unsock_resolve_is_worth_it(long result) {
    return result == -ECONNREFUSED || result == -EACCES;
}

/* target_file.c: Binds sockets to files at the targets of control files, in any directory, and removes these files. A
 * close removes the file to which its socket was bound: with the file's directory locked, and after the kernel has
 * reported that the socket is closed. If the close cannot remove the file, the file stays until a later bind to the
 * path replaces it. A descriptor's entry lacks the path, so the library asks the kernel while the socket is open. */

struct unsock_target_file {
    struct unsock_file_id file;
    socklen_t length;
    union unsock_sockaddr name; /* a NUL follows, even if a path fills all of sun_path */
};

/* Binds a socket to the AF_UNIX path in `address`. Replaces a stale file there. Stores the socket's file in `where`;
 * stores none for a relative path, so that the close removes no file. Returns 0 or -errno. */
long unsock_target_file_bind(int socket, const void *address, socklen_t length, struct unsock_target_file *where);

/* Stores in `where` the file of a socket (UNSOCK_KIND_FOREIGN) that is about to be closed. Returns true if the file at
 * the socket's absolute path is certainly the socket's own. For a socket without such a file, makes no system call. */
bool unsock_target_file_find(int fd, const struct unsock_fd *entry, struct unsock_target_file *where);

/* Removes, after the close, the file that unsock_target_file_find has found, if any. If another descriptor has the
 * socket, the file stays until a later bind to the path replaces it. */
void unsock_target_file_release(const struct unsock_target_file *where);

#endif
