/* Making control files from the UNSOCK_* environment, as unsock 1.1 did. */
#ifndef UNSOCK_MAKE_CONTROL_H
#define UNSOCK_MAKE_CONTROL_H

#include "rt/libc.h"
#include "rt/text.h"
#include "rules/settings.h"
#include "unsock.h"

/*
 * The control file that the variables describe. `proxy` is UNSOCK_FC_SOCK made absolute, or NULL. Returns false with
 * one line in `error`. No system call.
 */
bool unsock_make_control_read(const struct unsock_environment *environment, const char *proxy,
                              struct unsock_control_file *file, struct unsock_text *error);

/* The program: writes UNSOCK_FILE (0644, it must not exist) and says so on stderr. Returns the exit status. */
int unsock_make_control_program(const struct unsock_environment *environment);

#endif
