/* Reading control files. */
#ifndef UNSOCK_CONTROL_FILE_H
#define UNSOCK_CONTROL_FILE_H

#include "unsock.h"

/*
 * Reads the control file at `path` (NUL-terminated). Returns 0 with the checked content in `control` (or NULL); -ENOENT
 * when there is no file; -ENODATA when what is there is not a regular file (a socket, a FIFO, a directory, …); -EINVAL
 * when it is a damaged control file, -ENOEXEC when it is another regular file; -EACCES when it is one, but of a user
 * who may not say where this one's traffic goes: not root, not this user, not the directory's owner; or open's error.
 * Never blocks.
 */
int unsock_control_file_read(const char *path, struct unsock_control_file *control);

#endif
