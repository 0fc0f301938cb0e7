/* Reading control files. */
#ifndef UNSOCK_CONTROL_FILE_H
#define UNSOCK_CONTROL_FILE_H

#include "unsock.h"

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

#endif
