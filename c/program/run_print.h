/* `run --dry-run`. */
#ifndef UNSOCK_RUN_PRINT_H
#define UNSOCK_RUN_PRINT_H

#include <stdbool.h>

/* Is the string of a command's environment unsock's, or other than the caller's? */
bool unsock_run_is_ours(const char *string, const char *const *caller);

/*
 * Prints what of the environment is unsock's or differs from the caller's, and the command: something to paste into a
 * shell. Returns 0, or -errno where it cannot be written.
 */
long unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command);

#endif
