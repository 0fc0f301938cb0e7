/*
 * `run --map PORT[/udp]=PATH`: a control file in the directory, which goes with the command.
 *
 * Whoever runs with it has a shared lock (flock(2)) of it until the command has ended; who is the last of them removes
 * it. That it is one of these its sticky bit tells, which means nothing on a file: one that somebody else has made, by
 * make-control or with --keep, stays. One of these that nobody has locked is left over: its keeper was killed.
 */
#ifndef UNSOCK_RUN_MAP_H
#define UNSOCK_RUN_MAP_H

#include "rt/text.h"
#include "unsock.h"

#include <stdbool.h>

#define UNSOCK_RUN_MAPS_MOST 64
#define UNSOCK_RUN_MAP_NAME 24 /* "65535.dgram.sock" */

/* What an option says. */
struct unsock_run_map {
    char name[UNSOCK_RUN_MAP_NAME];
    struct unsock_control_file control;
};

/*
 * Reads "8000=/run/app.sock". `addresses`: the value of UNSOCK_ADDR, whose first IPv4 address is %a. Returns false with
 * one line in `error`.
 */
bool unsock_run_map_read(const char *text, const char *addresses, struct unsock_run_map *map,
                         struct unsock_text *error);

/*
 * Makes the control file in `directory`, unless the very same is there. `stays`: it is to be there for good. Returns
 * the descriptor that has it locked; 0: nothing is to be removed at the end; -1 with one line in `error`.
 */
long unsock_run_map_place(const char *directory, const struct unsock_run_map *map, bool stays,
                          struct unsock_text *error);

/* Removes it, unless others have it locked, too. Closes `lock`. Returns whether it is gone. */
bool unsock_run_map_drop(long directory, const char *name, long lock);

/* Looks for those that are left over; with `remove` removes them. Adds a line with the path of each to `paths`. */
void unsock_run_map_sweep(const char *directory, bool remove, struct unsock_text *paths);

#endif
