/* Who uses a directory of socket files. */
#ifndef UNSOCK_USERS_OF_H
#define UNSOCK_USERS_OF_H

#include <stdbool.h>

/* Is there a process whose environment, as far as it can be read, has this path for UNSOCK_DIR? */
bool unsock_users_of(const char *directory);

/*
 * Kills (SIGKILL) all whose environment has it, and those that they start meanwhile, and waits for their ends, at most
 * a few seconds: of another user's, or one that cannot die, nothing is known then.
 */
void unsock_users_end(const char *directory);

#endif
