/* The environment that the command gets: the caller's, what the options say, the defaults, and the library. */
#ifndef UNSOCK_RUN_ENVIRONMENT_H
#define UNSOCK_RUN_ENVIRONMENT_H

#include "process/exec_space.h"
#include "program/run_options.h"
#include "rt/text.h"

struct unsock_run_environment {
    struct unsock_exec_space *space;
    const char **list; /* NULL-terminated; it has room for what run adds */
    size_t count;
};

/*
 * Makes it of `caller`. `directory` and `library` are absolute. Returns false with one line in `error`: an option or a
 * variable cannot be read. Then unsock_settings is what the library will read.
 */
bool unsock_run_environment_make(const struct unsock_run_options *options, const char *const *caller,
                                 const char *directory, const char *library, struct unsock_run_environment *environment,
                                 struct unsock_text *error);

#endif
