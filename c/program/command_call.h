/*
 * The commands of the library as a program that look at a directory, or write a control file into it: `path`, `wait`,
 * `prune`, `make-control`.
 */
#ifndef UNSOCK_COMMAND_CALL_H
#define UNSOCK_COMMAND_CALL_H

#include "program/options.h"
#include "rt/text.h"
#include "rules/environment.h"

#define UNSOCK_COMMAND_FAILED 1
#define UNSOCK_COMMAND_USAGE 2 /* what was asked for cannot be */

struct unsock_command_call {
    const struct unsock_options *options;
    struct unsock_environment environment;
    const char *library; /* this file's path; NULL: /proc does not tell */
    struct unsock_text *error;
};

/* Each command's options, and what it does. Returns the exit status; what went wrong is one line in `call->error`. */
struct unsock_option_table unsock_path_options(void);
int unsock_path_start(const struct unsock_command_call *call);
struct unsock_option_table unsock_wait_options(void);
int unsock_wait_start(const struct unsock_command_call *call);
struct unsock_option_table unsock_prune_options(void);
int unsock_prune_start(const struct unsock_command_call *call);
struct unsock_option_table unsock_make_control_options(void);
int unsock_make_control_start(const struct unsock_command_call *call);

/*
 * `make-control` as unsock 1.1 had it, by UNSOCK_* variables: writes UNSOCK_FILE (0644, it must not exist) and says so
 * on stderr. Returns the exit status.
 */
int unsock_make_control_program(const struct unsock_environment *environment);

/* Writes the text to standard output. Returns the exit status. */
int unsock_command_print(const struct unsock_command_call *call, const struct unsock_text *text);

/* One line behind what is in `call->error` already. Returns UNSOCK_COMMAND_USAGE. */
int unsock_command_refuse(const struct unsock_command_call *call, const char *why);

#endif
