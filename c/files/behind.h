/*
 * Whether somebody waits behind a port's file under a hidden name, in whatever process: the file itself says so, by its
 * sticky bit, which means nothing on a socket. Nearly never anybody does, and looking for hidden names costs more than
 * all the rest of a close.
 */
#ifndef UNSOCK_BEHIND_H
#define UNSOCK_BEHIND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * With the directory locked: the port's file, as it is now, has somebody behind it, or may have. Where that is another
 * user's, who may not be told, nothing happens: sockets of one user wait behind each other.
 */
void unsock_behind_mark(uint16_t port);

/* The same of the socket file at a path. */
void unsock_behind_mark_file(const char *path);

/* Does the file at the path say so? True as well where that cannot be found out. */
bool unsock_behind_any(const char *path);

#endif
