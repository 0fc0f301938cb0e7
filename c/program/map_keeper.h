/*
 * Who removes the control files of `run --map` when the command has ended: a process that is nobody's child, and in
 * nobody's session, waits for that. The command itself takes the place of `run`.
 */
#ifndef UNSOCK_MAP_KEEPER_H
#define UNSOCK_MAP_KEEPER_H

#include "program/run_map.h"

/* What has been placed, and is to go. */
struct unsock_map_keeper {
    unsigned count;
    struct {
        char name[UNSOCK_RUN_MAP_NAME];
        int lock; /* of unsock_run_map_place */
    } maps[UNSOCK_RUN_MAPS_MOST];
};

/* Leaves one behind for this process, which is to become the command. Returns false with one line in `error`. */
bool unsock_map_keeper_start(const char *directory, const struct unsock_map_keeper *keeper, struct unsock_text *error);

/* Removes them at once: nothing was started. */
void unsock_map_keeper_undo(const char *directory, struct unsock_map_keeper *keeper);

#endif
