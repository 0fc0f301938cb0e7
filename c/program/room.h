/*
 * What the command line's `run` has besides settings: a room (`--private`, `--isolate`). It needs a process with one
 * thread, and one that can stay: so the command line executes the library as a program, and tells it here.
 */
#ifndef UNSOCK_ROOM_H
#define UNSOCK_ROOM_H

#include "program/run.h"

/* What the environment asks for, at its very end; that is taken off it. False: nothing. */
bool unsock_room_asked(const char **environment, struct unsock_room *room);

/* Executes start->library, which then does `run` in start->room. Returns the exit status, with one line in `error`. */
int unsock_room_enter(const struct unsock_run_start *start, struct unsock_text *error);

#endif
