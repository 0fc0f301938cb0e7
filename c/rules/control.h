/* Control files. */
#ifndef UNSOCK_RULES_CONTROL_H
#define UNSOCK_RULES_CONTROL_H

#include "rt/text.h"
#include "unsock.h"

/* control.c: Control files: 452 bytes from outside. Pure. */

/* Is this a valid control file? Pure. */
bool unsock_control_check(const void *bytes, size_t length);

/* Is it one, though perhaps damaged? */
bool unsock_control_is_meant(const void *bytes, size_t length);

/*
 * Does a valid one lead to UNSOCK_CONTROL_NOBODY? Connections are then refused, by the kernel (and so by unsock 1.1):
 * no socket is there. Binding is what it cannot say no to.
 */
bool unsock_control_refuses(const struct unsock_control_file *file);

/*
 * What a valid one says about half-closes (UNSOCK_CONTROL_HALF_CLOSE): "hold" or "pass"; NULL, nothing. The setter
 * writes that into the last slot, which must be empty; it returns false when `word` is neither.
 */
const char *unsock_control_half_close(const struct unsock_control_file *file);
bool unsock_control_half_close_set(struct unsock_control_file *file, const char *word);

/* Is shutdown of writing held back until the end of the connection? Of a valid one. */
bool unsock_control_holds_half_close(const struct unsock_control_file *file);

/*
 * Makes the one that leads to the Unix socket at `path`, which is absolute, or "@NAME", an abstract name. Returns false
 * when it is empty or does not fit into an address.
 */
bool unsock_control_to_path(struct unsock_control_file *file, const char *path);

#endif
