/* Control files that the library writes: those of `run --map`, and those of UNSOCK_* variables. */
#ifndef UNSOCK_PROGRAM_CONTROL_WRITE_H
#define UNSOCK_PROGRAM_CONTROL_WRITE_H

#include "program/options.h"
#include "unsock.h"

/* control_write.c: Writing control files: each appears with all its bytes or not at all, and never replaces another. */

/*
 * Writes it to `path` with the mode. Returns a descriptor of it, for reading, or -errno: -EEXIST, something is there
 * already. `locked`: it appears with a shared lock (flock(2)), which the descriptor has.
 */
long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

/* Says why not: "control file PATH: WHY", with what is there and what to do. Of a socket, `left_over` says that. */
void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *left_over);

/* `UNSOCK_FILE=… libunsock.so`, as unsock 1.1 had it. */

/* Makes the control file that the variables describe. Returns false with one line in `error`. */
bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error);

/*
 * Writes it to UNSOCK_FILE (0644; must not exist). Says so in `line`, or what is wrong. Returns the exit status.
 */
int unsock_control_program(const struct unsock_environment *environment, struct unsock_text *line);

#endif
