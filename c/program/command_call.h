/* One call of a command of the library as a program. */
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

/* Writes the text to standard output. Returns the exit status. */
int unsock_command_print(const struct unsock_command_call *call, const struct unsock_text *text);

/* One line behind what is in `call->error` already. Returns UNSOCK_COMMAND_USAGE. */
int unsock_command_refuse(const struct unsock_command_call *call, const char *why);

#endif
