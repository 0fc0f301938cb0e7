/* Executes programs in such a way that the library reaches them. */
#ifndef UNSOCK_PROCESS_EXEC_H
#define UNSOCK_PROCESS_EXEC_H

#include "rules/program_file.h"
#include "rules/settings.h"

/* exec.c: Finds the file for /proc/self/exe. If the library loaded the program (trap/loader.c), the kernel's link leads
 * to the library's file, not to the program's. */

/* Stores the path of the program's file, which is open as `fd`. */
void unsock_self_exe_note(int fd);

/* In a preloaded copy of the library: gets the program's file from the copy that has loaded the program (readlink). */
void unsock_self_exe_inherit(void);

/* Returns the path of the program's file; NULL if it is unknown, or if the library did not load the program. */
const char *unsock_self_exe_file(void);

/* True for /proc/self/exe, /proc/thread-self/exe, and /proc/PID/exe with this process's PID. */
bool unsock_self_exe_is(const char *path);

/* library_file.c: LD_PRELOAD, and the library's own file. */

/* Removes and returns the next entry of LD_PRELOAD from `rest`, up to a space or colon (ld.so(8)); empty at the end. */
struct unsock_span unsock_preload_next(struct unsock_span *rest);

bool unsock_preload_has(const char *value, const char *library);

/* Adds the new value of LD_PRELOAD to `text`: the library, then the other entries of the old value `before`. If
 * `before` lacks the library, `before` follows unchanged, so that the dynamic linker reads the same entries. */
void unsock_preload_put(struct unsock_text *text, const char *library, const char *before);

/* Writes the path of this library's mapped file into `buffer` (UNSOCK_PATH_MOST bytes), from /proc/self/maps. False
 * also if the line there has more than 512 bytes (UNSOCK_LINES_CHUNK). */
bool unsock_library_file_mapped(char *buffer, struct unsock_span *path);

/* Finds an absolute path by which other processes can load the library: in LD_PRELOAD, else in /proc/self/maps. */
bool unsock_library_file(const char *const *environment, char *buffer, struct unsock_span *path);

/* search.c: Finds a program in PATH, as execvp does. */

/* Returns the environment's PATH; if it is unset, the directories that execvp searches then. */
const char *unsock_search_path(const char *const *environment);

/* Writes the next path to try into `file` (UNSOCK_PATH_MOST bytes); skips paths that do not fit. Before the first call,
 * the caller sets `*rest` to PATH, `*more` to true. An empty directory is the working directory. False at the end. */
bool unsock_search_next(struct unsock_span *rest, bool *more, const char *name, char *file);

/* Executes `name` (unsock_exec). If the name has no slash, searches the directories of `path`, separated by colons.
 * /bin/sh runs a file of a format that the kernel does not know. Returns only after a failure: -EACCES if a file was
 * found but may not be executed, the error that ended the search, or -ENOENT. */
long unsock_exec_search(const char *name, const char *path, const char *const *argv, const char *const *environment);

/* Writes the path that unsock_exec_search would execute into `file` (UNSOCK_PATH_MOST bytes). Returns 0 or -errno. */
long unsock_exec_find(const char *name, const char *path, char *file);

/* exec_space.c: Memory for paths and lists of arguments during an exec: the stack of a vfork's child or of a goroutine
 * is too small for them. The memory is reused, since memory that a vfork's child maps stays mapped in its parent. */

struct unsock_exec_space {
    uint8_t *memory;
    size_t size;
    size_t used;
};

/* Borrows at least `size` bytes for this thread, until its exec succeeds or it calls unsock_exec_space_leave. A thread
 * must leave its spaces in the reverse order of entering. NULL: no memory. */
struct unsock_exec_space *unsock_exec_space_enter(size_t size);

void unsock_exec_space_leave(struct unsock_exec_space *space);

/* Returns the next `size` bytes of the space, aligned to 16. NULL if the space is too small. */
void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size);

/* exec.c: Changes each exec so that the library gets into the executed program. Adds LD_PRELOAD and UNSOCK_* to an
 * environment that lacks them. Loads and traps a program (trap/loader.c) if preloading cannot reach it, unless
 * UNSOCK_ENGINE is preload; loads every native program if UNSOCK_ENGINE is trap or this process is trapped. Reports on
 * stderr a program that the library cannot reach; with UNSOCK_STRICT, does not start it. */

/* A loaded program's last two variables. UNSOCK_LOAD_FILE: "p" and the path of the file to load, or "f" and the number
 * of its descriptor, which the loader closes. UNSOCK_LOAD_NAME: the path by which the program was executed. */
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

/* The exec that the library makes in place of the program's. `space` has the lists and strings made for this exec. */
struct unsock_exec_plan {
    struct unsock_exec exec;
    struct unsock_exec_space *space;
    int descriptor; /* opened for the exec; unsock_exec_drop closes it; -1: none */
};

/* Makes a plan. Returns 0, or -errno without a plan. The caller must drop the plan, unless the exec has replaced this
 * process: also after a posix_spawn, whose exec replaces only the child. */
long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan);
void unsock_exec_drop(struct unsock_exec_plan *plan);

/* Makes an execveat(2), by a plan if the library is active or the process trapped. Returns -errno after a failure. */
long unsock_exec(const struct unsock_exec *exec);

/* planning.c: Finds the way to start a program. Only for process/exec.c. */

#define UNSOCK_SCRIPTS_MOST 5 /* levels of "#!" that the kernel follows (fs/exec.c) */

enum unsock_way {
    UNSOCK_WAY_PLAINLY,   /* the exec as asked for, with a completed environment */
    UNSOCK_WAY_LOADED,    /* an exec of the library, which loads the program */
    UNSOCK_WAY_UNTOUCHED, /* the exec as asked for, with an unchanged environment */
};

struct unsock_planning {
    struct unsock_exec_plan *plan;
    const char *named; /* the path for messages */
    const char **argv; /* a copy of the arguments, with room in front for scripts' interpreters */
    struct unsock_program_file *file;
    void *room;
    struct unsock_exec run; /* the file that runs: the program, or the interpreter of a script */
};

/* Reports on stderr that the library does not reach the program, and `why`. Returns `way`, or -EACCES with
 * UNSOCK_STRICT. If the library is inert in this process, reports nothing and returns `way`. */
long unsock_planning_out_of_reach(const struct unsock_planning *planning, const char *why, enum unsock_way way);

/* Inspects the program. For a script, puts the interpreter in front of argv and inspects the interpreter, too. Returns
 * an enum unsock_way or -errno. For UNSOCK_WAY_LOADED, `*opened` is a descriptor of the file to load. */
long unsock_planning_find_way(struct unsock_planning *planning, long *opened);

/* confinement.c: Finds the AppArmor profile or SELinux context that would confine a program. When an unconfined process
 * executes a file, the kernel attaches the profile for the file's path. To load a program, exec runs the library. */

#define UNSOCK_PROFILE_MOST 160

enum unsock_confinement {
    UNSOCK_CONFINEMENT_NONE,     /* no profile confines the program, or none is known */
    UNSOCK_CONFINEMENT_FITS,     /* its profile allows everything that was tried */
    UNSOCK_CONFINEMENT_SHUT,     /* `try` fails under its profile */
    UNSOCK_CONFINEMENT_UNMAPPED, /* its profile does not allow mapping the library */
    UNSOCK_CONFINEMENT_IGNORED,  /* its SELinux context changes at the exec: ld.so would ignore LD_PRELOAD */
};

struct unsock_confinement_question {
    const struct unsock_exec *exec;
    const char *library;              /* NULL: finds only the name of the profile, which need not confine */
    bool (*try)(const void *context); /* also tried under the profile; NULL: nothing more is tried */
    const void *context;
};

/* Appends to `name` the profile or SELinux context that confines the program; nothing for UNSOCK_CONFINEMENT_NONE. */
enum unsock_confinement unsock_confinement_ask(const struct unsock_confinement_question *question,
                                               struct unsock_text *name);

/* True if the program's profile or SELinux context keeps the library out. Only then is text added to `why` valid. */
bool unsock_confinement_refuses(const struct unsock_confinement_question *question, struct unsock_text *why);

/* Puts this process under the profile. False if the process may not change to it. */
bool unsock_confinement_enter(const char *profile);

/* route.c: Finds the files that a typed command runs: the program's own, and the interpreters in "#!" lines. */

#define UNSOCK_NOT_EXECUTABLE 126
#define UNSOCK_NOT_FOUND 127

enum unsock_door {
    UNSOCK_DOOR_PRELOAD,
    UNSOCK_DOOR_TRAP,
    UNSOCK_DOOR_NONE,
    UNSOCK_DOOR_SCRIPT,  /* a script: its interpreter decides */
    UNSOCK_DOOR_UNKNOWN, /* the file may be executed, but not read */
};

struct unsock_route_step {
    const char *file;
    enum unsock_door door;
    const char *why; /* the reason, for messages */
};

struct unsock_route {
    const char *search; /* the value of PATH (unsock_search_path) */
    struct unsock_text *error;
    int status; /* the exit status if a file is missing or cannot be executed */
    void (*see)(struct unsock_route *route, const struct unsock_route_step *step);
    void *context; /* for `see` */
};

/* Writes the path that execvp executes into `file` (UNSOCK_PATH_MOST bytes). False with one line in `route->error`. */
bool unsock_route_find(struct unsock_route *route, const char *command, char *file);

/* Calls `see` for the file and each script's interpreter. False with `error` if an interpreter cannot be executed. */
bool unsock_route_follow(struct unsock_route *route, const char *file);

#endif
