/* The command make-control. */
#ifndef UNSOCK_PROGRAM_CONTROL_WRITE_H
#define UNSOCK_PROGRAM_CONTROL_WRITE_H

#include "program/options.h"
#include "unsock.h"

/* control_options.c: The options of `make-control`, as a control file. */

/*
 * Makes the control file that they describe. Relative paths are from the working directory. Returns false with one line
 * in `error` when options are missing, contradict each other or cannot be read.
 */
bool unsock_control_from_options(const struct unsock_options *options, struct unsock_control_file *file,
                                 struct unsock_text *error);

/* The same by UNSOCK_* variables, which are called as the options are. */
bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error);

/* control_write.c: Writing control files: each appears with all its bytes or not at all, and never replaces another. */

/*
 * Writes it to `path` with the mode. Returns a descriptor of it, for reading, or -errno: -EEXIST, something is there
 * already. `locked`: it appears with a shared lock (flock(2)), which the descriptor has.
 */
long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

/* How somebody may be told to get rid of a socket that is left over. */
#define UNSOCK_CONTROL_BY_FORCE ", or, if it is left over, --force replaces it"
#define UNSOCK_CONTROL_BY_PRUNE "; if it is left over, unsock prune removes it"

/* Says why not: "control file PATH: WHY", with what is there and what to do; with a socket, `left_over`. */
void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *left_over);

#endif
