/* The command `run`: its options, environment and maps; and `query`, which tells what `run` would do. */
#ifndef UNSOCK_PROGRAM_RUN_H
#define UNSOCK_PROGRAM_RUN_H

#include "process/exec.h"
#include "program/options.h"
#include "unsock.h"

/* control_write.c: Writes control files. A file appears with all its bytes or not at all, and never replaces another.
 */

/* Writes the control file to `path` with this mode. Returns a descriptor of the file, for reading, or -errno. -EEXIST:
 * `path` exists. `locked`: the file appears with a shared lock (flock(2)), which the descriptor holds. */
long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

/* Adds "control file PATH: WHY" to `error`, with what exists there and what to do. `if_stale` ends the words about a
 * socket file. */
void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *if_stale);

/* `UNSOCK_FILE=… libunsock.so`: the form of unsock 1.1. */

/* Fills in the control file that the variables describe. Returns false with one line in `error`. */
bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error);

/* Writes that control file to UNSOCK_FILE, which must not exist, with mode 0644. Puts the result or the error into
 * `line`. Returns the exit status. */
int unsock_control_program(const struct unsock_environment *environment, struct unsock_text *line);

/*
 * run_map.c: `run --map PORT[/udp]=PATH`: a map, which is a control file in the directory that stays until the command
 * ends. Each run with the same map holds a shared lock (flock(2)) on the file until its command has ended; the last one
 * removes the file. A map has the sticky bit, which has no meaning for regular files. A control file without the bit,
 * of make-control or --keep, stays. A map without a lock is stale: its map keeper was killed.
 */

#define UNSOCK_RUN_MAPS_MOST UNSOCK_OPTIONS_EACH_MOST
#define UNSOCK_RUN_MAP_NAME 24 /* "65535.dgram.sock" */

/* One --map. */
struct unsock_run_map {
    char name[UNSOCK_RUN_MAP_NAME];
    long lock; /* the descriptor that holds the file's lock; 0: the file stays */
    struct unsock_control_file control;
};

/* Reads "8000=/run/app.sock". %a in the path becomes the first IPv4 address of UNSOCK_ADDR in `environment`. Returns
 * false with one line in `error`. */
bool unsock_run_map_read(const char *text, const char *const *environment, struct unsock_run_map *map,
                         struct unsock_text *error);

/* Writes the maps to `directory`, unless files with the same bytes are there. Unless `stays`, leaves a map keeper
 * behind, which removes them when this process, as the command, has ended. Returns false with one line in `error`, and
 * no map left. */
bool unsock_run_maps_place(const char *directory, struct unsock_run_map *maps, unsigned count, bool stays,
                           struct unsock_text *error);

/* Reports each stale map in `directory` to `seer`, and with `remove` removes it. */
struct unsock_prune_seer;
void unsock_run_map_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* run_environment.c: The options of `run`, and the command's environment. */

/* The options of `run`, as given and as read. The values of --map are `given->each`. */
struct unsock_run_options {
    const struct unsock_options *given;
    bool force;
    bool trust; /* sets UNSOCK_TRUST: users who could replace the directory are trusted */
    bool dry_run;
    bool private;
    bool isolate;
    bool keep; /* the maps stay when the command has ended */
    const char *library;
    const char *name; /* the loopback's name, for `expose --http` */
    const char *directory;
    const char *group;
    const char *directory_mode;
    const char *insists; /* the first given option that promises that no traffic leaves unsock; NULL: none */
};

void unsock_run_options_take(const struct unsock_options *given, struct unsock_run_options *options);

/* The command's environment: the caller's, changed by the options and defaults, with the library in LD_PRELOAD. */

struct unsock_run_environment {
    struct unsock_exec_space *space;
    const char **list; /* NULL-terminated, with room for what `run` adds */
    size_t count;
};

/* Makes the environment from `caller`. `directory` and `library` are absolute. Sets unsock_settings to the values that
 * the library will read in the command. Returns false with one line in `error` if an option or variable is wrong. */
bool unsock_run_environment_make(const struct unsock_run_options *options, const char *const *caller,
                                 const char *directory, const char *library, struct unsock_run_environment *environment,
                                 struct unsock_text *error);

/* True if this string of the command's environment is a variable of unsock's, or is not in the caller's environment. */
bool unsock_run_is_ours(const char *string, const char *const *caller);

/* Prints the variables for which unsock_run_is_ours is true, and the command, as text to paste into a shell. Returns
 * the exit status. */
int unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command,
                     struct unsock_text *error);

/* isolate.c: `run --isolate`: a command without any network but unsock's. */

/* Moves this process, which must have one thread, to a new network namespace with nothing but `lo`, which is up. If the
 * process may not create one, it first creates a user namespace that contains its own user and group alone. Returns
 * false with one line in `error`. */
bool unsock_isolate(struct unsock_text *error);

/* query.c: Answers the questions of `query`. It has the options of `run`. */

struct unsock_run_directory;

/* A question, and the data for its answer. */
struct unsock_query {
    const struct unsock_command_call *call;
    struct unsock_run_options options;
    const char *value; /* the text after the question's "="; NULL: there is no "=" */
    struct unsock_text error;
    uint64_t status; /* the exit status that `run` would have; 0: not known */
};

/* Chooses the directory that the question is about. If `made` is not NULL, also makes the environment that a command
 * would get, and sets unsock_settings as the library would read them there. Returns false with one line in the error.
 */
bool unsock_query_directory(struct unsock_query *query, struct unsock_run_directory *directory,
                            struct unsock_run_environment *made);

/* query_sockets.c: Questions about ports, the directory's files, and the sockets of these files. Each function writes
 * the members of its answer, and returns false with one line in the error. */
bool unsock_query_names(struct unsock_query *query);
bool unsock_query_sockets(void);
bool unsock_query_state(const struct unsock_query *query);
bool unsock_query_port(struct unsock_query *query);
bool unsock_query_client(struct unsock_query *query);

#endif
