/* `run`: becomes a command under unsock. Exists once, here; the command line calls it (unsock.h, unsock_run). */
#ifndef UNSOCK_RUN_H
#define UNSOCK_RUN_H

#include "rt/text.h"

#include <stdbool.h>

#define UNSOCK_RUN_FAILED 125

/* What the command line has besides settings (program/room.h). */
struct unsock_room {
    bool isolate; /* in a network namespace of its own */
    bool private; /* the directory goes when all that was started has ended */
    int lock;     /* the descriptor that keeps that directory */
};

struct unsock_run_start {
    const char *const *words;  /* behind `run` */
    const char *const *caller; /* the environment */
    const char *library;       /* where options and environment name none */
    bool only_check;           /* nothing is made, printed or started */
    bool settings_only;        /* -ENOTSUP where the words are more than that */
    struct unsock_room room;
};

/*
 * Returns the exit status: 0 with --dry-run, or when only checked; else there is one line in `error`. Otherwise this
 * process has become the command.
 */
int unsock_run_words(const struct unsock_run_start *start, struct unsock_text *error);

#endif
