/*
 * `run --private`: waits for the command to end, and then removes its directory, as if nobody stood between the command
 * and its caller. There are three processes:
 *   - The parent is the one that the caller knows. It gives signals on to the keeper, stops when the command stops, and
 *     ends as it ends.
 *   - The keeper gets the children of those that have ended (PR_SET_CHILD_SUBREAPER), and stays until the last of them
 *     is gone. When the parent is killed, it kills the command, as that kill would have.
 *   - The command.
 * All are in the caller's process group, so that the terminal's signals come to each. Signals that the keeper has got,
 * too, are not given on.
 */
#ifndef UNSOCK_SUPERVISE_H
#define UNSOCK_SUPERVISE_H

#include "rt/text.h"

/*
 * Returns true in the process that is to become the command: everything is there as it was in the caller. The others
 * never return, and remove the directory at `path`, which `lock` keeps. False with one line in `error`: nobody has been
 * started.
 */
bool unsock_supervise(const char *path, long lock, struct unsock_text *error);

#endif
