/* Processes that outlive a command, and look after what it made. */
#ifndef UNSOCK_PROGRAM_KEEPER_H
#define UNSOCK_PROGRAM_KEEPER_H

#include "process/run_directory.h"
#include "program/run.h"

/* supervise.c, for others too: what a process does that outlives a command. */

/* Does with a signal that is blocked, as all are, what the system would do: it may end or stop this process. */
void unsock_keeper_obey(int signal);

/* From here on no signal but SIGKILL ends it, nor does the end of its session; it has a name of its own. */
void unsock_keeper_begin(void);

/* Leaves the caller's descriptors, but for `count` of them (-1: none), and working directory, from which others could
 * not be removed or unmounted as long as this process had them. */
void unsock_keeper_leave(const long *kept, unsigned count);

void unsock_keeper_mask(uint64_t mask, uint64_t *before);

/* Sets what happens at a signal: 0 SIG_DFL, 1 SIG_IGN. Returns whether it was ignored. */
bool unsock_keeper_dispose(int signal, long handler);

/*
 * hold.c: `libunsock.so hold`: a private directory for somebody who starts programs in it himself, a test runner say.
 * It is there until standard input ends, however that comes about; then all that still runs in it is killed, and it
 * goes.
 *
 * On standard output, each with a NUL behind it: the variables that put a program there, and an empty one. Then one
 * answer to each request on standard input, "" for yes. A request is its length in bytes, a newline and the text:
 * "map PORT[/udp]=PATH" (program/run.h); "unused": nobody was told of the directory, so that nobody in it has to be
 * looked for. A bad request is answered with an error and changes nothing else. The last answer says which processes
 * could not be ended, "" for none.
 */

/* `path`: of the directory. `environment`: of a command that is run in it. Returns the exit status when the directory
 * is gone. */
int unsock_hold(const char *path, const char *const *environment, const char *const *caller);

/*
 * supervise.c: `run --private`: waits for the command to end, and then removes its directory, as if nobody stood
 * between the command and its caller. There are three processes:
 *   - The parent is the one that the caller knows. It gives signals on to the keeper, stops when the command stops, and
 *     ends as it ends.
 *   - The keeper gets the children of those that have ended (PR_SET_CHILD_SUBREAPER), and stays until the last of them
 *     is gone. When the parent is killed, it kills the command, as that kill would have.
 *   - The command.
 * All are in the caller's process group, so that the terminal's signals come to each. Signals that the keeper has got,
 * too, are not given on.
 */

/*
 * Returns true in the process that is to become the command: everything is there as it was in the caller. The others
 * never return, and remove the directory at `path`, which `lock` keeps. False with one line in `error`: nobody has been
 * started.
 */
bool unsock_supervise(const char *path, long lock, struct unsock_text *error);

#endif
