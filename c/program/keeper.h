/* The processes that outlive a command and remove what it made: the keeper, the map keeper and `hold`. */
#ifndef UNSOCK_PROGRAM_KEEPER_H
#define UNSOCK_PROGRAM_KEEPER_H

#include "process/run_directory.h"
#include "program/run.h"

/* supervise.c: Functions for all three of these processes. */

/* Applies the default action of a signal (all signals are blocked here): it may end or stop this process. */
void unsock_keeper_obey(int signal);

/* Blocks all signals, starts a session of its own and renames the process. From then on only SIGKILL ends it. */
void unsock_keeper_begin(void);

/* Closes all descriptors except the `count` in `kept` (-1: none), and changes to "/". The process would otherwise keep
 * the caller's files open, and its working directory could not be unmounted. */
void unsock_keeper_leave(const long *kept, unsigned count);

void unsock_keeper_mask(uint64_t mask, uint64_t *before);

/* Sets a signal's disposition: 0 for SIG_DFL, 1 for SIG_IGN. Returns true if the signal was ignored before. */
bool unsock_keeper_dispose(int signal, long handler);

/*
 * hold.c: `libunsock.so hold`: a private directory for a program that starts others in it, such as a test runner. When
 * standard input ends, for whatever reason, `hold` kills all processes that still use the directory, and removes it.
 *
 * Standard output gets texts, each ended by a NUL. First come the variables that make a program use the directory, and
 * an empty text; then one answer to each request on standard input, empty for success. A request is its length in
 * bytes, a newline and the text: "map PORT[/udp]=PATH" (program/run.h); or "unused": the caller has given the directory
 * to no program, so that `hold` need not search for its users. A bad request gets an error as its answer and has no
 * other effect. The last text lists the processes that could not be killed; it is empty if there are none.
 */

/* Serves the requests. `path` is the directory, `environment` that of a command in it, `caller` that of the caller.
 * Returns the exit status when the directory has been removed. */
int unsock_hold(const char *path, const char *const *environment, const char *const *caller);

/*
 * supervise.c: `run --private`: waits for the command to end, and then removes its directory. To the caller it looks as
 * if the command were its own child. There are three processes, all in the caller's process group:
 *   - The parent is the caller's child. It forwards signals to the keeper, stops when the command stops, and ends with
 *     the command's status.
 *   - The keeper adopts orphans (PR_SET_CHILD_SUBREAPER), and stays until the last of them has ended. If the parent is
 *     killed, the keeper kills the command, as that kill would have.
 *   - The command.
 * The terminal signals all three at once. If the keeper has got a signal itself, so has the command, and the keeper
 * does not pass on the parent's.
 */

/* Starts the three processes. Returns true in the one that is to become the command, where all is as in the caller. The
 * others never return; the keeper removes the directory at `path`, and keeps its lock, `lock`. Returns false with one
 * line in `error` if no process was started. */
bool unsock_supervise(const char *path, long lock, struct unsock_text *error);

#endif
