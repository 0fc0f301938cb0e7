/* Making control files from the UNSOCK_* environment, as unsock 1.1 did. */
#ifndef UNSOCK_CONTROL_ENVIRONMENT_H
#define UNSOCK_CONTROL_ENVIRONMENT_H

#include "rules/settings.h"

/* The program: writes UNSOCK_FILE (0644, it must not exist) and says so on stderr. Returns the exit status. */
int unsock_make_control_program(const struct unsock_environment *environment);

#endif
