/* Executes programs, and takes the library along. */
#ifndef UNSOCK_PROCESS_EXEC_H
#define UNSOCK_PROCESS_EXEC_H

#include "rules/program_file.h"
#include "rules/settings.h"

/* exec.c: /proc/self/exe of a program that the library loaded. For the kernel this is the library's file. */

/* Notes the program's file, by the descriptor from which it was loaded. */
void unsock_self_exe_note(int fd);

/* Takes the program's file over from the other copy of the library, which loaded this program and answers raw calls. */
void unsock_self_exe_inherit(void);

/* Returns the program's file; NULL if it is not known, or if the library did not load the program. */
const char *unsock_self_exe_file(void);

/* True if the path names this process's own "exe" link in /proc. */
bool unsock_self_exe_is(const char *path);

/* library_file.c: LD_PRELOAD, and the library's own file. */

/* Returns the next entry of LD_PRELOAD's value, and removes it from `rest`. Spaces and colons separate entries
 * (ld.so(8)). Returns an empty entry at the end. */
struct unsock_span unsock_preload_next(struct unsock_span *rest);

/* True if LD_PRELOAD's value has the library. */
bool unsock_preload_has(const char *value, const char *library);

/* Adds the value with the library in front of all others. If the old value, `before`, lacks the library, its text stays
 * unchanged, so that the dynamic linker reads the same. */
void unsock_preload_put(struct unsock_text *text, const char *library, const char *before);

/* Writes the path of this library's mapped file into `buffer` (UNSOCK_PATH_MOST bytes). False if /proc/self/maps lacks
 * it. */
bool unsock_library_file_mapped(char *buffer, struct unsock_span *path);

/* Finds an absolute path by which others can load the library: from LD_PRELOAD, else the mapped file's. False: none. */
bool unsock_library_file(const struct unsock_environment *environment, char *buffer, struct unsock_span *path);

/* search.c: Finds a program in PATH, as execvp does. */

/* Returns the environment's PATH, or execvp's search if it is unset. */
const char *unsock_search_path(const char *const *environment);

/* Writes the next candidate into `file` (UNSOCK_PATH_MOST bytes); `cut`: the path did not fit. At first `rest` is the
 * value of PATH, in which an empty directory is the working directory, and `more` is true. False at the end. */
bool unsock_search_next(struct unsock_span *rest, bool *more, const char *name, char *file, bool *cut);

/* Executes `name` (unsock_exec). A name without a slash is searched in the directories of `path`, separated by colons.
 * With `by_shell` /bin/sh runs a file of a format that the kernel does not know. Returns only after a failure: -EACCES
 * if a file was found but may not be executed, the error that ended the search, or -ENOENT. */
long unsock_exec_search(const char *name, const char *path, const char *const *argv, const char *const *environment,
                        bool by_shell);

/* Writes the path that unsock_exec_search would execute into `file` (UNSOCK_PATH_MOST bytes), for callers that
 * do not execute it themselves. Returns 0 or -errno. */
long unsock_exec_find(const char *name, const char *path, char *file);

/* exec_space.c: Memory for paths and lists of arguments during an exec. Not on the stack: that of a vfork's child or of
 * a goroutine is small. Not allocated either: a vfork's child would leave it behind in its parent's memory. */

struct unsock_exec_space {
    uint8_t *memory;
    size_t size;
    size_t used;
};

/* Returns a space of at least `size` bytes, which is this thread's until it executes or leaves the space. A thread
 * leaves its spaces in the reverse order. NULL: no memory. */
struct unsock_exec_space *unsock_exec_space_enter(size_t size);

/* Gives the space back, unless it is NULL. */
void unsock_exec_space_leave(struct unsock_exec_space *space);

/* Returns the next `size` bytes of the space, aligned to 16. NULL if the space is too small. */
void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size);

/* exec.c: Takes the library along when a process executes a program. LD_PRELOAD and UNSOCK_* are added to an
 * environment that lacks them. A program that preloading cannot reach is loaded and trapped by the library. A program
 * that neither door reaches is named on stderr; with UNSOCK_STRICT it is not started. */

/* Two variables, always in this order and behind the program's own: by them the library tells itself what to load.
 * "p" and the path of the file, or "f" and its descriptor, to be closed; the path by which the program was executed. */
#define UNSOCK_LOAD_FILE "UNSOCK_LOAD_FILE="
#define UNSOCK_LOAD_NAME "UNSOCK_LOAD_NAME="

/* The arguments of execveat(2). */
struct unsock_exec {
    int directory;
    const char *path;
    const char *const *argv;
    const char *const *environment;
    int flags;
};

/* The exec that replaces the program's own. Its memory is in the space. */
struct unsock_exec_plan {
    struct unsock_exec exec;
    struct unsock_exec_space *space;
    int descriptor; /* opened for the exec, closed if that fails; -1: none */
};

/* Makes a plan. Returns 0, or -errno: there is no plan then. A plan whose exec has failed is dropped. */
long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan);
void unsock_exec_drop(struct unsock_exec_plan *plan);

/* Makes an execveat(2); planned, if the library is active or this process is trapped. Returns only after a failure:
 * -errno. */
long unsock_exec(const struct unsock_exec *exec);

/* planning.c: Finds the way to start a program. Only for process/exec.c. */

#define UNSOCK_SCRIPTS_MOST 5 /* levels of "#!" that the kernel follows (fs/exec.c) */

/* The way in which a program is started. */
enum unsock_way {
    UNSOCK_WAY_PLAINLY,   /* the program's own exec, with a completed environment */
    UNSOCK_WAY_LOADED,    /* an exec of the library, which loads the program */
    UNSOCK_WAY_UNTOUCHED, /* the program's own exec, with its own environment */
};

struct unsock_planning {
    struct unsock_exec_plan *plan;
    const char *named; /* the path for messages */
    const char **argv; /* a copy of the arguments, with room in front for scripts' interpreters */
    struct unsock_program_file *file;
    void *room;
    struct unsock_exec run; /* the file that runs: the exec's own, or the script's interpreter instead of it */
};

/* Says on stderr that neither door reaches the program, and `why`. Returns `way`, or -EACCES with UNSOCK_STRICT. Silent
 * if this process redirects nothing. */
long unsock_planning_out_of_reach(const struct unsock_planning *planning, const char *why, enum unsock_way way);

/* Inspects the program. If it is a script, puts its interpreter in front of argv and inspects that, and so on. Returns
 * an enum unsock_way or -errno. For UNSOCK_WAY_LOADED `*opened` is the program's descriptor. */
long unsock_planning_find_way(struct unsock_planning *planning, long *opened);

/* confinement.c: AppArmor's profile for a program. In a process that AppArmor does not confine, the kernel attaches the
 * profile whose path fits the executed file: for a loaded program that is the library. */

#define UNSOCK_PROFILE_MOST 192

enum unsock_confinement {
    UNSOCK_CONFINEMENT_NONE,     /* no profile confines it, or it is not known */
    UNSOCK_CONFINEMENT_FITS,     /* its profile allows what was asked */
    UNSOCK_CONFINEMENT_SHUT,     /* the other trial fails */
    UNSOCK_CONFINEMENT_UNMAPPED, /* it does not allow the library to be mapped */
};

struct unsock_confinement_question {
    const struct unsock_exec *exec;
    const char *library;              /* NULL: only the profile's name is asked for, also if it does not confine */
    bool (*try)(const void *context); /* another trial under the profile; NULL: none */
    const void *context;
};

/* Adds the profile that would confine the program to `name`; nothing for UNSOCK_CONFINEMENT_NONE. Executes no
 * instruction of the program. */
enum unsock_confinement unsock_confinement_ask(const struct unsock_confinement_question *question,
                                               struct unsock_text *name);

/* True if the program would not be redirected because of its profile; adds `why`. */
bool unsock_confinement_refuses(const struct unsock_confinement_question *question, struct unsock_text *why);

/* Puts this process under the profile. False: it may not change to it. */
bool unsock_confinement_enter(const char *profile);

/* route.c: Finds the files that a typed command runs: its own, and the interpreters in "#!" lines,
 * also through env(1). */

#define UNSOCK_NOT_EXECUTABLE 126
#define UNSOCK_NOT_FOUND 127

enum unsock_door {
    UNSOCK_DOOR_PRELOAD,
    UNSOCK_DOOR_TRAP,
    UNSOCK_DOOR_NONE,
    UNSOCK_DOOR_SCRIPT,  /* the next file decides */
    UNSOCK_DOOR_UNKNOWN, /* the file may be executed, but not read */
};

struct unsock_route_step {
    const char *file;
    enum unsock_door door;
    const char *why; /* the reason, for people */
};

struct unsock_route {
    const char *search; /* unsock_search_path */
    struct unsock_text *error;
    int status; /* the exit status if a file is missing or cannot be executed */
    void (*see)(struct unsock_route *route, const struct unsock_route_step *step);
    void *context; /* for `see` */
};

/* Writes the file that execvp would execute into `file` (UNSOCK_PATH_MOST bytes). False: one line in the error. */
bool unsock_route_find(struct unsock_route *route, const char *command, char *file);

/* Calls `see` for the file and each interpreter in turn, up to one that is no script. False: one line in the error. */
bool unsock_route_follow(struct unsock_route *route, const char *file);

#endif
