/* The environment, maps and keepers of `run` and `hold`. Functions that return false put one line into `error`. */
#ifndef UNSOCK_PROGRAM_RUN_H
#define UNSOCK_PROGRAM_RUN_H

#include "process/exec.h"
#include "program/options.h"
#include "unsock.h"

/* run_map.c: `run --map PORT[/udp]=PATH`: writes a map, a control file that stays in the directory until the command
 * ends. For each run with the same map, a process, the map keeper, holds a shared lock (flock(2)) on the file until the
 * command has ended; the last map keeper removes the file. A map has the sticky bit, which has no meaning for regular
 * files. A control file without the bit (of make-control or --keep) is not removed. A map that no process has locked is
 * stale: its map keeper was killed. */

#define UNSOCK_RUN_MAPS_MOST UNSOCK_OPTIONS_EACH_MOST
#define UNSOCK_RUN_MAP_NAME 24 /* "65535.dgram.sock" */

struct unsock_run_map {
    char name[UNSOCK_RUN_MAP_NAME];
    long lock; /* the descriptor that holds the map's lock; 0: the map stays after the command */
    struct unsock_control_file control;
};

/* Reads a map, "8000=/run/app.sock". In the path %p is the port, %a the first IPv4 address of UNSOCK_ADDR, if any. */
bool unsock_run_map_read(const char *text, struct unsock_run_map *map, struct unsock_text *error);

/* Writes the maps to `directory`, or shares files that have the same bytes. Unless `stays`, starts a map keeper, which
 * removes the maps when this process, about to become the command, has ended. After a failure, removes the maps. */
bool unsock_run_maps_place(const char *directory, struct unsock_run_map *maps, unsigned count, bool stays,
                           struct unsock_text *error);

/* Adds to `error` why `path` did not become a control file, and what to do; if `path` is a socket, also `if_stale`. */
void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *if_stale);

struct unsock_prune_seer;
/* Reports each stale map in `directory` to `seer`. With `remove`, removes it, and reports it only if that succeeded. */
void unsock_run_map_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* run_environment.c: The command's environment: the caller's, changed by options and defaults, with LD_PRELOAD. */

struct unsock_run_environment {
    struct unsock_exec_space *space;
    const char **list; /* NULL-terminated, with room for what `run` adds */
    size_t count;
};

/* Makes the environment from `caller`. With `trusts`, sets UNSOCK_TRUST: the library then trusts users who could
 * replace the directory. `directory` and `library` are absolute paths. Sets unsock_settings to the values that the
 * library will read in the command. Returns false if an option or variable is wrong, or memory is short. */
bool unsock_run_environment_make(const struct unsock_options *given, bool trusts, const char *const *caller,
                                 const char *directory, const char *library, struct unsock_run_environment *environment,
                                 struct unsock_text *error);

/* True if this string of the command's environment is a variable of unsock's, or is not in the caller's environment. */
bool unsock_run_is_ours(const char *string, const char *const *caller);

/* Prints, to paste into a shell, the variables that unsock_run_is_ours selects, and the command. Returns the status. */
int unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command,
                     struct unsock_text *error);

/* isolate.c: `run --isolate`: a command without any network but unsock's. */

/* Moves this process, which must have one thread, to a new network namespace with only `lo`, and brings `lo` up. If the
 * process may not do this, it also gets a new user namespace, in which only its own user and group exist. */
bool unsock_isolate(struct unsock_text *error);

/* supervise.c: Functions for processes that outlive a command and remove its files: keeper, map keeper and `hold`. */

/* Takes the default action of a signal, which may end or stop this process. Afterwards all signals are blocked. */
void unsock_keeper_obey(int signal);

/* Blocks all signals, starts a session of its own and renames the process. From then on only SIGKILL ends it. */
void unsock_keeper_begin(void);

/* Closes all descriptors except the `count` in `kept` (-1: none), and changes to "/". Otherwise the process would keep
 * the caller's files open, and its working directory's file system could not be unmounted. */
void unsock_keeper_leave(const long *kept, unsigned count);

void unsock_keeper_mask(uint64_t mask, uint64_t *before);

/* Sets a signal's disposition: 0 for SIG_DFL, 1 for SIG_IGN. Returns true if the signal was ignored before. */
bool unsock_keeper_dispose(int signal, long handler);

/* hold.c: `libunsock.so hold` keeps a private directory for a program that starts others in it, such as a test runner.
 * When standard input ends, for whatever reason, `hold` kills all processes that still use the directory, and removes
 * it. `hold` writes texts to standard output, each ended by a NUL: first the variables that make a program use the
 * directory, and an empty text; then one answer to each request on standard input, empty for success; at the end one
 * line with the processes that could not be killed, empty if there are none. A request is its length in bytes, a
 * newline and the text: "map PORT[/udp]=PATH"; or "unused", if no program was started in the directory, so that `hold`
 * need not search for processes that use it. A bad request gets an error as its answer, and has no other effect. */

/* Serves the requests for the directory at `path`. `environment` is for commands that use the directory; `caller` is
 * the caller's environment. Removes the directory at the end, and returns the exit status. */
int unsock_hold(const char *path, const char *const *environment, const char *const *caller);

/* supervise.c: `run --private`: removes the directory when the command, and all processes that it started, have ended.
 * The caller's child stops and ends as the command does. There are three processes, at first all in the caller's
 * process group:
 * - The parent is the caller's child. It forwards signals to the keeper, stops when the command stops, and ends with
 * the command's status.
 * - The keeper adopts orphans (PR_SET_CHILD_SUBREAPER), and stays until the last orphan has ended. If the parent is
 * killed, the keeper kills the command: the caller has only the parent to kill.
 * - The command.
 * A terminal signals all three at once. So if the keeper itself has got the signal that the parent forwards, the keeper
 * does not send it to the command, unless the command has left the group. */

/* Starts the keeper and the command's process; this process becomes the parent. Returns true in the process that
 * becomes the command, with the caller's signal settings. The other two never return. The keeper holds the lock `lock`,
 * and removes the directory at `path`. Returns false if no process was started. */
bool unsock_supervise(const char *path, long lock, struct unsock_text *error);

/* query_sockets.c: Each function writes members of an answer of `query`. unsock_query_names lists the file names of a
 * port (0: of all ports), and returns 0, or -errno if the directory cannot be read to its end. */
long unsock_query_names(const char *directory, uint16_t port);
bool unsock_query_sockets(void);
bool unsock_query_state(const char *directory, const char *slash, const char *name);
bool unsock_query_port(const char *words, struct unsock_text *error);

#endif
