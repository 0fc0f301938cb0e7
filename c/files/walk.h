/*
 * A port's names with addresses in a directory, one after the other: PORT@ADDR.sock and its like. A link of such a name
 * leads to the file of the socket that has the port: its clients find it there as those of the others find theirs.
 */
#ifndef UNSOCK_WALK_H
#define UNSOCK_WALK_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/kernel_name.h"

#define UNSOCK_WALK_ENTRIES 1024 /* calls may run on small stacks */

/* The port's own names in the directory, one after the other. */
struct unsock_walk {
    bool links; /* the links among them; else all others */
    long fd;    /* or -errno, also of reading: the walk is not complete then */
    struct unsock_span directory;
    uint16_t port;
    int type;
    size_t at;
    size_t filled;
    struct unsock_name name;
    struct sockaddr_un path;
    socklen_t length;
    _Alignas(8) char entries[UNSOCK_WALK_ENTRIES];
};

/* Begins: `type` is SOCK_STREAM or SOCK_DGRAM, `directory` ends with a NUL; or in that of the settings. */
void unsock_walk_begin_in(struct unsock_walk *walk, struct unsock_span directory, uint16_t port, int type);
void unsock_walk_begin(struct unsock_walk *walk, uint16_t port, int type);

/* The next one: `name`, `path` and `length` are its. False when there is none, or it cannot be told. */
bool unsock_walk_next(struct unsock_walk *walk);

void unsock_walk_end(const struct unsock_walk *walk);

/* After the last one: was every name seen? */
bool unsock_walk_is_complete(const struct unsock_walk *walk);

#endif
