/* The command run. */
#ifndef UNSOCK_PROGRAM_RUN_H
#define UNSOCK_PROGRAM_RUN_H

#include "process/exec.h"
#include "program/options.h"
#include "unsock.h"

/* control_write.c: Writing control files: each appears with all its bytes or not at all, and never replaces another. */

/* Writes it to `path` with the mode. Returns a descriptor of it, for reading, or -errno: -EEXIST, something is there
 * already. `locked`: it appears with a shared lock (flock(2)), which the descriptor has. */
long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked);

/* Says why not: "control file PATH: WHY", with what is there and what to do. Of a socket, `left_over` says that. */
void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *left_over);

/* `UNSOCK_FILE=… libunsock.so`, as unsock 1.1 had it. */

/* Makes the control file that the variables describe. Returns false with one line in `error`. */
bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error);

/* Writes it to UNSOCK_FILE (0644; must not exist). Says so in `line`, or what is wrong. Returns the exit status. */
int unsock_control_program(const struct unsock_environment *environment, struct unsock_text *line);

/*
 * run_map.c: `run --map PORT[/udp]=PATH`: a control file in the directory, which goes with the command.
 *
 * Each run with it has a shared lock (flock(2)) of it until the command has ended; the last of them removes it. The
 * sticky bit, which means nothing on a file, tells that it is one of these: one that somebody else has made, by
 * make-control or with --keep, stays. One of these that is not locked is stale: its keeper was killed.
 */

#define UNSOCK_RUN_MAPS_MOST UNSOCK_OPTIONS_EACH_MOST
#define UNSOCK_RUN_MAP_NAME 24 /* "65535.dgram.sock" */

/* One --map, read. */
struct unsock_run_map {
    char name[UNSOCK_RUN_MAP_NAME];
    long lock; /* the descriptor that has it locked; 0: nothing is to be removed at the end */
    struct unsock_control_file control;
};

/* Reads "8000=/run/app.sock". %a in it is the first IPv4 address of UNSOCK_ADDR in the environment. Returns false with
 * one line in `error`. */
bool unsock_run_map_read(const char *text, const char *const *environment, struct unsock_run_map *map,
                         struct unsock_text *error);

/*
 * Makes the control files in `directory`, unless the very same are there. `stays`: for good; else a process is left
 * behind that removes them when this one, which is to become the command, has ended. Returns false with one line in
 * `error`: then none is left.
 */
bool unsock_run_maps_place(const char *directory, struct unsock_run_map *maps, unsigned count, bool stays,
                           struct unsock_text *error);

/* Looks for stale ones; with `remove` removes them. Tells the name of each. */
struct unsock_prune_seer;
void unsock_run_map_sweep(const char *directory, bool remove, const struct unsock_prune_seer *seer);

/* run_environment.c: The options of `run`, and the command's environment. */

/* The options as they were given, and their meaning. The values of --map are `given->each`. */
struct unsock_run_options {
    const struct unsock_options *given;
    bool force;
    bool trust; /* those who could put another directory in the place of this one: sets UNSOCK_TRUST */
    bool dry_run;
    bool private;
    bool isolate;
    bool keep; /* the control files of --map */
    const char *library;
    const char *name; /* of the loopback, for `expose --http` */
    const char *directory;
    const char *group;
    const char *directory_mode;
    const char *insists; /* the first that was given of those that promise that nothing goes elsewhere */
};

void unsock_run_options_take(const struct unsock_options *given, struct unsock_run_options *options);

/* The environment that the command gets: the caller's, what the options say, the defaults, and the library. */

struct unsock_run_environment {
    struct unsock_exec_space *space;
    const char **list; /* NULL-terminated; it has room for what run adds */
    size_t count;
};

/* Makes it of `caller`. `directory` and `library` are absolute. Returns false with one line in `error`: an option or a
 * variable cannot be read. Then unsock_settings is what the library will read. */
bool unsock_run_environment_make(const struct unsock_run_options *options, const char *const *caller,
                                 const char *directory, const char *library, struct unsock_run_environment *environment,
                                 struct unsock_text *error);

/* True if the string of a command's environment is unsock's, or other than the caller's. */
bool unsock_run_is_ours(const char *string, const char *const *caller);

/* Prints what of the environment is unsock's or differs from the caller's, and the command: something to paste into a
 * shell. Returns the exit status. */
int unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command,
                     struct unsock_text *error);

/* isolate.c: `run --isolate`: no network but unsock's. */

/*
 * Puts this process, which has one thread, into a network namespace of its own. Nothing is in it but `lo`, which is up.
 * Where the process may not make one by itself, it makes a user namespace first, which has its user and group alone.
 * Returns false with one line in `error`.
 */
bool unsock_isolate(struct unsock_text *error);

/* query.c: Answers questions. Takes the options of run. */

struct unsock_run_directory;

/* A question, and what its answer needs. */
struct unsock_query {
    const struct unsock_command_call *call;
    struct unsock_run_options options;
    const char *value; /* behind the question's "="; NULL: nothing is */
    struct unsock_text error;
    uint64_t status; /* the exit status that `run` would have; 0: not that kind of error */
};

/* The directory that the question is about; and, where `made` is not NULL, the environment that a command would get:
 * then unsock_settings is what the library would read there. Returns false with one line in the error. */
bool unsock_query_directory(struct unsock_query *query, struct unsock_run_directory *directory,
                            struct unsock_run_environment *made);

/* query_sockets.c: Questions about ports, the files of a directory, and the sockets behind them. Each writes the
 * members of its answer. Returns false with one line in the error. */
bool unsock_query_names(struct unsock_query *query);
bool unsock_query_sockets(void);
bool unsock_query_state(const struct unsock_query *query);
bool unsock_query_port(struct unsock_query *query);
bool unsock_query_client(struct unsock_query *query);

#endif
