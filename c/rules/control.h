/* Control files: 452 bytes from outside. Pure. */
#ifndef UNSOCK_CONTROL_H
#define UNSOCK_CONTROL_H

#include <stdbool.h>
#include <stddef.h>

/* Is this a valid control file? Pure. */
bool unsock_control_check(const void *bytes, size_t length);

#endif
