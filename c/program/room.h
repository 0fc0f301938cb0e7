/*
 * What of `run` needs a process with one thread, and one that can stay (`--private`, `--isolate`, `--map`): the command
 * line executes the library as a program with the same words.
 */
#ifndef UNSOCK_ROOM_H
#define UNSOCK_ROOM_H

#include "program/run.h"

/* Becomes that program. Returns the exit status, with one line in `error`. */
int unsock_room_enter(const struct unsock_run_start *start, struct unsock_text *error);

#endif
