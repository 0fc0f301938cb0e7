/* Finding a program and the library, and executing it. */
#ifndef UNSOCK_PROCESS_EXEC_H
#define UNSOCK_PROCESS_EXEC_H

#include "rules/program_file.h"
#include "rules/settings.h"

/* /proc/self/exe of a program that the library loaded: the kernel says that it is the library. */

/* Notes the file that is the program: the descriptor it was loaded from. */
void unsock_self_exe_note(int fd);

/* Asks the copy of the library that loaded this program (which answers raw calls still) what it has noted. */
void unsock_self_exe_inherit(void);

/* The program's file; NULL when it is not known, or the kernel tells it right. */
const char *unsock_self_exe_file(void);

/* True if this path is one of this process's own "exe" links. */
bool unsock_self_exe_is(const char *path);

/* library_file.c: The library's own file. */

#define UNSOCK_LIBRARY_FILE_MOST 4096

/* Cuts the next entry off the front of LD_PRELOAD's value: they are separated by spaces or colons (ld.so(8)). Empty at
 * the end. */
struct unsock_span unsock_preload_next(struct unsock_span *rest);

/* Writes the path of this library's file into `buffer`, of UNSOCK_LIBRARY_FILE_MOST bytes. False where /proc/self/maps
 * does not tell it. */
bool unsock_library_file_mapped(char *buffer, struct unsock_span *path);

/*
 * The absolute path by which others can be given the library: as LD_PRELOAD says, where that is absolute, else as
 * mapped. False when neither tells.
 */
bool unsock_library_file(const struct unsock_environment *environment, char *buffer, struct unsock_span *path);

/* search.c: Finding a program as execvp does. */

#define UNSOCK_SEARCH_PATH_MOST 4096

/*
 * Writes the next candidate into `file`, of UNSOCK_SEARCH_PATH_MOST bytes; `cut`: it is longer. `rest` is the value of
 * PATH at first, in which an empty directory is the working directory, `more` true. False at the end.
 */
bool unsock_search_next(struct unsock_span *rest, bool *more, const char *name, char *file, bool *cut);

/*
 * Executes `name` (unsock_exec), which without a slash is looked for in the directories of `path`, separated by colons.
 * With `by_shell` a file that the kernel does not know is given to /bin/sh. Returns -errno, if it returns: of the first
 * file that was there but could not be executed, else -ENOENT.
 */
long unsock_exec_search(const char *name, const char *path, const char *const *argv, const char *const *environment,
                        bool by_shell);

/*
 * Writes the path of the file that unsock_exec_search would execute into `file`, of UNSOCK_SEARCH_PATH_MOST bytes.
 * Returns 0 or -errno. For callers that do not execute it themselves.
 */
long unsock_exec_find(const char *name, const char *path, char *file);

/*
 * exec_space.c: Memory for what exec needs: paths, lists of arguments. Not on the stack, which is a child of vfork's
 * own little one, or a goroutine's; and not left behind in the parent of such a child, whose memory it is.
 */

struct unsock_exec_space {
    uint8_t *memory;
    size_t size;
    size_t used;
};

/*
 * A space of at least `size` bytes, for this thread until it executes or unsock_exec_space_leave. One that was entered
 * later is left earlier. NULL: no memory.
 */
struct unsock_exec_space *unsock_exec_space_enter(size_t size);

/* Gives it back; NULL is none. */
void unsock_exec_space_leave(struct unsock_exec_space *space);

/* Cuts off a piece of it, aligned to 16. NULL when the space was made too small. */
void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size);

/*
 * exec.c: Follows exec: a process that executes a program takes the library along. LD_PRELOAD and UNSOCK_* are put back
 * where the new environment lacks them; a program that preloading cannot reach is started by the library as its loader,
 * trapped; one that neither reaches is named on stderr, or with UNSOCK_STRICT not started.
 */

/* Variables behind the program's own environment with which the library starts itself as a loader: always both, in this
 * order. */
#define UNSOCK_LOAD_FILE                                                                                               \
    "UNSOCK_LOAD_FILE=" /* "p" and the path of the file to load, or "f" and its descriptor, to be closed; "i" before:  \
                           SIGSYS is ignored, which the kernel does not know below a filter */
#define UNSOCK_LOAD_NAME "UNSOCK_LOAD_NAME=" /* by which name it was executed */

/* execveat(2)'s arguments. */
struct unsock_exec {
    int directory;
    const char *path;
    const char *const *argv;
    const char *const *environment;
    int flags;
};

/* The exec that is done instead. Its memory is that of the space. */
struct unsock_exec_plan {
    struct unsock_exec exec;
    struct unsock_exec_space *space;
    int descriptor; /* opened for it, to be closed when nothing comes of it; -1: none */
};

/* Returns 0, or -errno: then there is nothing to execute, and no plan. */
long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan);
void unsock_exec_drop(struct unsock_exec_plan *plan);

/* execveat(2) by such a plan. Returns -errno, if it returns. */
long unsock_exec(const struct unsock_exec *exec);

/* planning.c: One exec on its way: what process/exec.c and the look at the program share. */

#define UNSOCK_SCRIPTS_MOST 5 /* the kernel follows so many "#!" (fs/exec.c) */

/* How a program is started. */
enum unsock_way {
    UNSOCK_WAY_PLAINLY,   /* as asked, with a whole environment */
    UNSOCK_WAY_LOADED,    /* by the library as its loader */
    UNSOCK_WAY_UNTOUCHED, /* as asked, with the environment as it is */
};

struct unsock_planning {
    struct unsock_exec_plan *plan;
    const char *named; /* the path in messages */
    const char **argv; /* a copy, with room in front for scripts' interpreters */
    bool argv_is_changed;
    struct unsock_program_file *file;
    void *room;
    const char *load; /* what the loader is to load, when it is not the path itself */
};

/* Memory from the plan's space; NULL when that was made too small. */
void *unsock_planning_cut(struct unsock_planning *planning, size_t size);

/*
 * Neither door reaches the program, and `why`: says so on stderr. Returns 0, or with UNSOCK_STRICT -EACCES. Where
 * nothing is redirected there is nothing to say.
 */
long unsock_planning_out_of_reach(const struct unsock_planning *planning, const char *why);

/*
 * Looks at the program, through the scripts that lead to it, whose interpreters' arguments it puts in front of argv.
 * Returns an enum unsock_way, or -errno. With UNSOCK_WAY_LOADED *opened is the program's descriptor.
 */
long unsock_planning_find_way(struct unsock_planning *planning, long *opened);

/* route.c: From a command, as it was typed, to what really runs: its file, and through "#!" lines and env(1) the
 * interpreters.
 */

#define UNSOCK_ROUTE_PATH_MOST 4096
#define UNSOCK_ROUTE_SEARCH "/bin:/usr/bin" /* what execvp searches where there is no PATH */
#define UNSOCK_NOT_EXECUTABLE 126
#define UNSOCK_NOT_FOUND 127

enum unsock_door {
    UNSOCK_DOOR_PRELOAD,
    UNSOCK_DOOR_TRAP,
    UNSOCK_DOOR_NONE,
    UNSOCK_DOOR_SCRIPT,  /* what follows decides */
    UNSOCK_DOOR_UNKNOWN, /* it may be executed but not read */
};

struct unsock_route_step {
    const char *file;
    enum unsock_door door;
    const char *why; /* for people */
};

struct unsock_route {
    const char *search; /* the value of PATH; NULL: unset */
    struct unsock_text *error;
    int status; /* the exit status, when something is not there or cannot be executed */
    void (*see)(struct unsock_route *route, const struct unsock_route_step *step);
    void *context; /* of `see` */
};

/* Finds the file that execvp would execute, into `file` of UNSOCK_ROUTE_PATH_MOST bytes. False: one line in the error.
 */
bool unsock_route_find(struct unsock_route *route, const char *command, char *file);

/* Follows it. Each step is shown to `see`, in turn; what neither door reaches is the last. False: one line in the
 * error. */
bool unsock_route_follow(struct unsock_route *route, const char *file);

#endif
