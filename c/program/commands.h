/*
 * The commands of the library as a program that look at a directory, or write a control file into it: `path`, `wait`,
 * `prune`, `make-control`. The command line calls them here.
 */
#ifndef UNSOCK_COMMANDS_H
#define UNSOCK_COMMANDS_H

#include "program/command_call.h"

struct unsock_command {
    struct unsock_option_table table;
    /* Returns the exit status; what went wrong is one line in `call->error`. */
    int (*start)(const struct unsock_command_call *call);
};

/* The command of this name. False: there is none. */
bool unsock_command_find(const char *name, struct unsock_command *command);

/*
 * Reads the words behind the command's name, and does it. Returns the exit status, or -ENOTSUP with --help.
 * `environment`: the caller's.
 */
int unsock_command_start(const struct unsock_command *command, const char *const *words, const char *const *environment,
                         const char *library, struct unsock_text *error);

#endif
