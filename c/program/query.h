/* The command query. */
#ifndef UNSOCK_PROGRAM_QUERY_H
#define UNSOCK_PROGRAM_QUERY_H

#include "process/run_directory.h"
#include "program/run.h"

/* A question, and what it is answered by. */
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
