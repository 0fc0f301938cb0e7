/* Control files. */
#ifndef UNSOCK_RULES_CONTROL_H
#define UNSOCK_RULES_CONTROL_H

#include "rt/text.h"
#include "unsock.h"

/* control.c: Checks control files: 452 bytes from outside. Pure. */

/* True if the bytes are a valid control file. */
bool unsock_control_check(const void *bytes, size_t length);

/* True if the bytes are a control file by length and magic, valid or not. */
bool unsock_control_is_meant(const void *bytes, size_t length);

/*
 * True if a valid file's target is UNSOCK_CONTROL_NOBODY, where no socket is. The kernel then refuses connections, with
 * unsock 1.1 too, but does not refuse a bind.
 */
bool unsock_control_refuses(const struct unsock_control_file *file);

/*
 * Returns a valid file's option for half-closes (UNSOCK_CONTROL_HALF_CLOSE): "hold", "pass", or NULL if it has none.
 * The setter writes `word` into the last slot, which must be empty. It returns false if `word` is neither of the two.
 */
const char *unsock_control_half_close(const struct unsock_control_file *file);
bool unsock_control_half_close_set(struct unsock_control_file *file, const char *word);

/* True if a valid file holds back a half-close until the end of the connection. */
bool unsock_control_holds_half_close(const struct unsock_control_file *file);

/*
 * Makes a file whose target is the Unix socket at `path`: an absolute path, or "@NAME" for an abstract name. False if
 * the name is empty or does not fit into an address.
 */
bool unsock_control_to_path(struct unsock_control_file *file, const char *path);

#endif
