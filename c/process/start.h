/* How the library starts in a process, and what its children get. */
#ifndef UNSOCK_PROCESS_START_H
#define UNSOCK_PROCESS_START_H

#include "rules/settings.h"

/* start.c: The library's start inside a process, by whichever door it came, and what it is in it. */

/* 0: not started yet; then inert (everything passes through) or active. */
enum unsock_activity { UNSOCK_NOT_STARTED, UNSOCK_STARTING, UNSOCK_INERT, UNSOCK_ACTIVE };
extern enum unsock_activity unsock_activity;

/* Starts the library: by its constructor, or by the first intercepted call where that comes earlier. */
bool unsock_start_active(void);

/*
 * Starts it in a program that it has loaded itself (c/trap/image.h): with the environment that the program gets, the
 * library's own path, and where the first thread's stack ends (rt/user.h). Inert without UNSOCK_DIR, or with
 * UNSOCK_OFF=1. Ends the process for settings that cannot be read.
 */
void unsock_start_loaded(const struct unsock_environment *environment, const char *own_file, uintptr_t stack_end);

/* Whether its calls are trapped: they are marked only then (rt/sys.h). First of all, by whichever door. */
void unsock_start_marks(void);

/*
 * For the library run as a program, which is about to execute one: its settings have been read. Completes that
 * program's environment as a redirected program does its children's.
 */
void unsock_start_program(const struct unsock_environment *environment, const char *own_file);

/* True if anything is redirected at all in this process. The first question of every intercepted call. */
static inline bool unsock_active(void) {
    enum unsock_activity state = __atomic_load_n(&unsock_activity, __ATOMIC_ACQUIRE);
    return state == UNSOCK_ACTIVE || (state < UNSOCK_INERT && unsock_start_active());
}

/* True if this process's system calls are trapped: the library has to start all that it executes, as its loader. */
extern bool unsock_start_trapped;

/* True if the settings want them trapped. The trap door does it (c/trap/install.c). */
extern bool unsock_start_traps;

/*
 * child_environment.c: The variables that the library needs in the environment of every program that this one executes:
 * its own name in LD_PRELOAD, and the settings. Kept from the start, since programs clear their environment, and write
 * their title over it.
 */

#define UNSOCK_CHILD_ENVIRONMENT_MOST 24 /* settings */

/*
 * Copies them. `own_file`: the absolute path of the library; empty when it is not known: then LD_PRELOAD is left alone.
 * `environment` NULL: nothing is ever put back, and the path alone is kept.
 */
void unsock_child_environment_take(const struct unsock_environment *environment, struct unsock_span own_file);

/* The library's path; NULL when it is not known. */
const char *unsock_child_environment_file(void);

/* How many bytes and how many strings more an environment may need at most. */
size_t unsock_child_environment_room(const char *const *environment);
#define UNSOCK_CHILD_ENVIRONMENT_STRINGS (UNSOCK_CHILD_ENVIRONMENT_MOST + 1)

/*
 * Writes `environment` with what it lacks to `complete`, NULL-terminated, which has room for its strings,
 * UNSOCK_CHILD_ENVIRONMENT_STRINGS more and the NULL; `room` has the bytes that unsock_child_environment_room says.
 * Settings that are there stay as they are, empty ones too. An environment with UNSOCK_OFF=1 is left alone. Returns the
 * number of strings.
 */
size_t unsock_child_environment_complete(const char *const *environment, const char **complete, char *room,
                                         size_t size);

/* True if unsock_child_environment_complete would add anything. */
bool unsock_child_environment_lacks(const char *const *environment);

/* proof.c: Which library is preloaded, and proof, before anything is started, that it will be there. */

/*
 * Checks that a dynamic linker will preload the file at this absolute path, and that it is this very library: of this
 * version, for this machine, whole, in nobody else's hands, on a file system from which code may be mapped. Returns
 * false with one line, "library FILE: why: what to do", in `error`.
 */
bool unsock_proof_library(const char *path, struct unsock_text *error);

/*
 * Chooses: the option (NULL: not given), UNSOCK_LIB, `own` (this file's path; NULL: /proc does not tell), and proves
 * that it can be preloaded (unsock_proof_library). Writes its absolute path into `path` (UNSOCK_RUN_PATH_MOST bytes).
 * Returns false with one line in `error`.
 */
bool unsock_proof_choose(const char *option, const char *own, const struct unsock_environment *environment, char *path,
                         struct unsock_text *error);

/* Returns false with one line, "sockets: which call: why: what to do", in `error`. Nothing is bound for the question.
 */
bool unsock_sockets_allowed(struct unsock_text *error);

/* user_change.c: A command that changes to another user (sudo, su, runuser, setpriv) and then executes the rest of its
 * line. */

#define UNSOCK_USER_NAME_MOST 64
#define UNSOCK_USER_GROUPS_MOST 64

struct unsock_user {
    char name[UNSOCK_USER_NAME_MOST];
    uint32_t uid;
    unsigned group_count; /* the first is the user's own */
    uint32_t groups[UNSOCK_USER_GROUPS_MOST];
};

/*
 * True if `file`, executed by root with `argv`, is such a command, to another user. `user`: which one, as far as its
 * arguments and /etc/passwd tell; else nobody at all.
 */
bool unsock_user_change(const char *file, const char *const *argv, struct unsock_user *user);

/* The user of this name or number, with his groups. False: neither a number nor in /etc/passwd. */
bool unsock_user_named(const char *told, struct unsock_user *user);

/*
 * Checks whether that user has the rights to the file: read (4), write (2), execute or enter (1). A child with his
 * rights tries it. Returns 0, or errno's negative; 1: this process may not take on his rights.
 */
long unsock_user_access(const struct unsock_user *user, const char *path, int rights);

/* True if that user may read and map the library. A child with his rights tries it; true if it cannot take them on. */
bool unsock_user_may_load(const struct unsock_user *user, const char *library);

#endif
