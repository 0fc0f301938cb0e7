/* The library's start in a process, the proof that it can start, and the environment of its children. */
#ifndef UNSOCK_PROCESS_START_H
#define UNSOCK_PROCESS_START_H

#include "rules/settings.h"

/* start.c: Starts the library in a process: preloaded, in a program that it loads, or as a program. */

/* Inert: every call passes through. Active: calls are redirected. */
enum unsock_activity { UNSOCK_NOT_STARTED, UNSOCK_STARTING, UNSOCK_INERT, UNSOCK_ACTIVE };
extern enum unsock_activity unsock_activity;

/* Starts the library unless it has started. Returns whether it is active. */
bool unsock_start_active(void);

/* Starts the library in a program that it loads (trap/image.h). `environment` is the program's, `own_file` the
 * library's path, and `stack_end` the end of the first thread's stack (rt/user.h). The library stays inert without
 * UNSOCK_DIR or with UNSOCK_OFF=1. Ends the process if a setting is wrong or the directory cannot be used. */
void unsock_start_loaded(const char *const *environment, const char *own_file, uintptr_t stack_end);

/* Finds out whether this process is trapped. If not, turns off the mark in the library's own system calls (rt/sys.h): a
 * seccomp filter of the program's may compare all 64 bits of an argument. The library's start calls this first. */
void unsock_start_marks(void);

/* For libunsock.so run as a program (`run`), after it has read the settings and before it executes the command. Makes
 * the library active, so that unsock_exec completes the command's environment as in a redirected program. */
void unsock_start_program(const char *const *environment, const char *own_file);

/* True if the library is active in this process. Intercepted calls check this first. */
static inline bool unsock_active(void) {
    enum unsock_activity state = __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE);
    return state == UNSOCK_ACTIVE || (state < UNSOCK_INERT && unsock_start_active());
}

/* True if this process is trapped. Then the library loads every native program that the process executes. */
extern bool unsock_start_trapped;

/* True if the settings demand that this process be trapped. trap/install.c then installs the filter. */
extern bool unsock_start_traps;

/* each.c: For `run --each`. If the environment has UNSOCK_EACH, finds out whether this process is a runner, such as
 * make, or a runner's child. Gives a child a directory of its own. Changes the environment and the settings in place.
 * Returns false with one line in `error` if this process's command line cannot be read. */
bool unsock_each_start(const char *const *environment, struct unsock_settings *settings, struct unsock_text *error);

/* child_environment.c: LD_PRELOAD and the settings, for each program that this process executes. The library copies
 * them at its start, since a program may clear or overwrite its environment. */

#define UNSOCK_CHILD_ENVIRONMENT_MOST 24 /* settings */

/* Copies the variables. `own_file` is the library's absolute path; if empty, the library never changes LD_PRELOAD. If
 * `environment` is NULL, stores only the path, and the library never adds a variable. */
void unsock_child_environment_take(const char *const *environment, struct unsock_span own_file);

/* Returns the library's path; NULL if it is not known. */
const char *unsock_child_environment_file(void);

/* The most bytes that unsock_child_environment_complete writes to `room`, and the most strings that it adds. */
size_t unsock_child_environment_room(const char *const *environment);
#define UNSOCK_CHILD_ENVIRONMENT_STRINGS (UNSOCK_CHILD_ENVIRONMENT_MOST + 1)

/* Writes `environment`, and the variables that it lacks, to `complete`, with a NULL at the end. `complete` must have
 * room for the strings of `environment`, UNSOCK_CHILD_ENVIRONMENT_STRINGS more and the NULL. `room` has `size` bytes
 * (unsock_child_environment_room). Keeps settings that are present, even empty ones, and does not change an environment
 * with UNSOCK_OFF=1. Returns the number of strings. */
size_t unsock_child_environment_complete(const char *const *environment, const char **complete, char *room,
                                         size_t size);

/* True if unsock_child_environment_complete would add anything. */
bool unsock_child_environment_lacks(const char *const *environment);

/* proof.c: Proves, before a program is started, that the library will be preloaded into it. */

/* Checks that a dynamic linker will preload the file at this absolute path, and that it is this library: of this
 * version, for this machine, not cut short, written by no untrusted user, on a file system without noexec. Returns
 * false with one line, "library FILE: why: what to do", in `error`. */
bool unsock_proof_library(const char *path, struct unsock_text *error);

/* Chooses the library to preload: `option` if not NULL, else UNSOCK_LIB, else `own`, the path of the running
 * libunsock.so (NULL if unknown). Checks it by unsock_proof_library, and writes its absolute path into `path`. */
bool unsock_proof_choose(const char *option, const char *own, const char *const *environment, char *path,
                         struct unsock_text *error);

/* Checks that AF_UNIX sockets can be created and bound, by a bind that the kernel refuses only after all checks of
 * permissions. Returns false with one line, "sockets: which call: why: what to do", in `error`. */
bool unsock_sockets_allowed(struct unsock_text *error);

#endif
