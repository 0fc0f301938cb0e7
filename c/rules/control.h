/* Control files. */
#ifndef UNSOCK_RULES_CONTROL_H
#define UNSOCK_RULES_CONTROL_H

#include "rt/text.h"
#include "unsock.h"

/* control.c: Control files: 452 bytes from outside. Pure. */

/* True if this is a valid control file. Pure. */
bool unsock_control_check(const void *bytes, size_t length);

/* True if it is one, though perhaps damaged. */
bool unsock_control_is_meant(const void *bytes, size_t length);

/*
 * True if a valid one leads to UNSOCK_CONTROL_NOBODY. The kernel then refuses connections (so unsock 1.1 does, too): no
 * socket is there. The kernel does not refuse a bind.
 */
bool unsock_control_refuses(const struct unsock_control_file *file);

/*
 * Returns a valid one's option for half-closes (UNSOCK_CONTROL_HALF_CLOSE): "hold" or "pass"; NULL: none. The setter
 * writes that into the last slot, which must be empty; it returns false when `word` is neither.
 */
const char *unsock_control_half_close(const struct unsock_control_file *file);
bool unsock_control_half_close_set(struct unsock_control_file *file, const char *word);

/* True if a valid one holds back a shutdown of writing until the end of the connection. */
bool unsock_control_holds_half_close(const struct unsock_control_file *file);

/*
 * Makes the one that leads to the Unix socket at `path`, which is absolute, or "@NAME", an abstract name. Returns false
 * when it is empty or does not fit into an address.
 */
bool unsock_control_to_path(struct unsock_control_file *file, const char *path);

#endif
