/* Which processes use a directory of socket files. */
#ifndef UNSOCK_USERS_OF_H
#define UNSOCK_USERS_OF_H

#include "rt/text.h"

/*
 * True if a process uses it, as far as can be seen: it has this path for UNSOCK_DIR in its environment or a socket that
 * is bound in the directory, or is a child of one that has.
 */
bool unsock_users_of(const char *directory);

/*
 * Kills (SIGKILL) all that use it, and those that they start meanwhile, and waits for their ends, at most a few
 * seconds; but not this process and its parent. Adds to `left` the names and numbers of those that live on.
 */
void unsock_users_end(const char *directory, struct unsock_text *left);

#endif
