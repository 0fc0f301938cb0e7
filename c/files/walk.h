/*
 * The names with addresses of a port's datagram sockets in a directory, one after the other: PORT@ADDR.dgram.sock. A
 * link of such a name leads to the file of the socket that has the port: its clients find it there as those of the
 * others find theirs. The port's index tells them (files/own_index), which may have more than there are; without one
 * the whole directory is looked through.
 */
#ifndef UNSOCK_WALK_H
#define UNSOCK_WALK_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/kernel_name.h"
#include "rules/own_list.h"

#define UNSOCK_WALK_ENTRIES UNSOCK_OWN_LIST_MOST /* calls may run on small stacks */

/* The port's own names in the directory, one after the other. */
struct unsock_walk {
    bool links; /* the links among them; else all others */
    bool indexed;
    struct unsock_span index;
    long fd; /* of the directory, or -errno, also of reading: the walk is not complete then */
    struct unsock_span directory;
    uint16_t port;
    size_t at;
    size_t filled;
    struct unsock_name name;
    struct sockaddr_un path;
    socklen_t length;
    _Alignas(8) char entries[UNSOCK_WALK_ENTRIES];
};

/* Begins: `directory` ends with a NUL, and all of it is looked through; or in that
 * of the settings. */
void unsock_walk_begin_in(struct unsock_walk *walk, struct unsock_span directory, uint16_t port);
void unsock_walk_begin(struct unsock_walk *walk, uint16_t port);

/* The next one: `name`, `path` and `length` are its. False when there is none, or it cannot be told. */
bool unsock_walk_next(struct unsock_walk *walk);

/* Is there a file of this name, or a link if those are walked? True as well where that cannot be told. */
bool unsock_walk_is_there(const struct unsock_walk *walk);

void unsock_walk_end(const struct unsock_walk *walk);

/* After the last one: was every name seen? */
bool unsock_walk_is_complete(const struct unsock_walk *walk);

#endif
