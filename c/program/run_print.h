/* `run --dry-run`. */
#ifndef UNSOCK_RUN_PRINT_H
#define UNSOCK_RUN_PRINT_H

#include <stdbool.h>

/*
 * Prints what of the environment is unsock's or differs from the caller's, and the command: something to paste into a
 * shell. Returns false where it cannot be written.
 */
bool unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command);

#endif
