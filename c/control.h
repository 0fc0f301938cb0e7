/* Control files: 452 bytes from outside, checked before anything in them is used. */
#ifndef UNSOCK_CONTROL_H
#define UNSOCK_CONTROL_H

#include "net.h"
#include "unsock.h"

/* Is this a valid control file? Pure. */
bool unsock_control_check(const void *bytes, size_t length);

/*
 * Reads the control file at `path` (NUL-terminated). Returns 0 with the checked content in `control`; -ENOENT when
 * there is no file; -ENODATA when what is there is not a regular file (a socket, a FIFO, a directory, …); -EINVAL when
 * it is a regular file but not a valid control file; or open's error. Never blocks.
 */
int unsock_control_read(const char *path, struct unsock_control_file *control);

/* Runs the file's socket options on a new socket. Returns 0, or the -errno of the first that failed. */
int unsock_control_apply_options(const struct unsock_control_file *control, int fd);

#endif
