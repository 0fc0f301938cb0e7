/* Control files: 452 bytes from outside. Pure. */
#ifndef UNSOCK_CONTROL_H
#define UNSOCK_CONTROL_H

#include "unsock.h"

#include <stdbool.h>
#include <stddef.h>

/* Is this a valid control file? Pure. */
bool unsock_control_check(const void *bytes, size_t length);

/* Is it one, though perhaps damaged? */
bool unsock_control_is_meant(const void *bytes, size_t length);

/*
 * Does a valid one lead to UNSOCK_CONTROL_NOBODY? Connections are then refused, by the kernel (and so by unsock 1.1):
 * no socket is there. Binding is what it cannot say no to.
 */
bool unsock_control_refuses(const struct unsock_control_file *file);

#endif
