/* Control files. */
#ifndef UNSOCK_RULES_CONTROL_H
#define UNSOCK_RULES_CONTROL_H

#include "rules/environment.h"
#include "unsock.h"

/* control.c: Checks control files: 452 bytes that other users or programs may have written. Pure. */

/* True if the bytes are a valid control file. */
bool unsock_control_check(const void *bytes, size_t length);

/* True if the bytes are a control file by length and magic, valid or not. */
bool unsock_control_is_meant(const void *bytes, size_t length);

/* True if a valid file's target is UNSOCK_CONTROL_NOBODY, to which the kernel refuses every connection. */
bool unsock_control_refuses(const struct unsock_control_file *file);

/* Writes the option for half-closes (UNSOCK_CONTROL_HALF_CLOSE), "hold" or "pass", into the last slot, which must be
 * empty. Returns false if `word` is neither of the two. */
bool unsock_control_half_close_set(struct unsock_control_file *file, const char *word);

/* True if the library holds back a half-close to this valid file's target until the socket is closed. The file's option
 * decides; in a file without the option, the target: true for AF_TIPC and Firecracker's multiplexer. */
bool unsock_control_holds_half_close(const struct unsock_control_file *file);

/* Makes a file whose target is the Unix socket at `path`: an absolute path, or "@NAME" for an abstract name. False if
 * the name is empty or does not fit into an address. */
bool unsock_control_to_path(struct unsock_control_file *file, const char *path);

/* control_variables.c: Makes control files as unsock 1.1 does, with `UNSOCK_FILE=… libunsock.so`. Pure. */

#define UNSOCK_CONTROL_MULTIPLEXER "UNSOCK_FC_SOCK"

/* Makes the control file that the variables UNSOCK_VSOCK_* or UNSOCK_TIPC_* in `environment` describe. `multiplexer` is
 * the file that UNSOCK_FC_SOCK names, with links resolved; NULL if there is no such file. If a variable is wrong or
 * missing, returns false with one line in `error`. */
bool unsock_control_from_variables(const char *const *environment, const char *multiplexer,
                                   struct unsock_control_file *file, struct unsock_text *error);

/* Adds " NAME=VALUE" to `text` for each of these variables that is set. */
void unsock_control_put_variables(struct unsock_text *text, const char *const *environment);

#endif
