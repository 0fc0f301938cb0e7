/*
 * What needs a process with one thread, and one that can stay (`run` with `--private`, `--isolate` or `--map`;
 * `expose`): the command line executes the library as a program with the same words.
 */
#ifndef UNSOCK_BECOME_LIBRARY_H
#define UNSOCK_BECOME_LIBRARY_H

#include "program/run.h"

/* Becomes that program, for `run`. Returns the exit status, with one line in `error`. */
int unsock_become_library_for_run(const struct unsock_run_start *start, struct unsock_text *error);

/* Becomes the library with these words, the command's name the first (NULL: no memory). Returns with one line in
 * `error`. */
void unsock_become_library(const char *library, const char *const *words, const char *const *environment,
                           struct unsock_text *error);

#endif
