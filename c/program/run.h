/* `run`: becomes a command under unsock. Exists once, here; the command line calls it (unsock.h, unsock_run). */
#ifndef UNSOCK_RUN_H
#define UNSOCK_RUN_H

#include "rt/text.h"

#include <stdbool.h>

#define UNSOCK_RUN_FAILED 125

struct unsock_run_start {
    const char *const *words;  /* behind `run` */
    const char *const *caller; /* the environment */
    const char *library;       /* where options and environment name none */
    /*
     * This process has a runtime's threads and memory: what somebody has to stay behind for, or a namespace be made
     * for, is left to the library, executed as a program (program/become_library.h).
     */
    bool is_crowded;
    bool holds; /* there is no command: unsock_hold, in a private directory */
};

/*
 * Returns the exit status: 0 with --dry-run; -ENOTSUP with --help; else there is one line in `error`. Otherwise this
 * process has become the command.
 */
int unsock_run_words(const struct unsock_run_start *start, struct unsock_text *error);

#endif
