/*
 * Where a socket file comes from, noted at the file itself for those who may not ask its socket: another user in the
 * same directory.
 *
 * The time of modification of a socket file means nothing to anybody. A file that such a user may find left over gets
 * one that names the network namespace of its socket. Whoever is in that namespace sees all its sockets in
 * /proc/net/unix: one that is not there is gone, whoever had it. (A number of a namespace is used again only when no
 * socket of the old one is left.)
 *
 * The file of a datagram server also tells whoever binds next to it on which
 * address its socket is, and which of the options that let others share it has.
 */
#ifndef UNSOCK_ORIGIN_H
#define UNSOCK_ORIGIN_H

#include "files/bound.h"

#include <stdbool.h>
#include <stdint.h>

/* What a file tells of its socket. */
struct unsock_origin {
    bool known;      /* else nothing of the following is */
    uint32_t number; /* unsock_own_name_number of the bound address */
    bool reuseport;
    bool reuseaddr;
    uint32_t user;   /* whose file it is */
    int64_t changed; /* when it got its name or rights, in nanoseconds; this is known of every socket file */
};

/*
 * A socket was bound to this file just now, as the request (or NULL) says. Returns the file's inode number; 0 where it
 * cannot be told. The namespace is noted where others may write to the directory but not to the file, or its owner may
 * not.
 */
uint64_t unsock_origin_note(const char *path, const struct unsock_bind_request *request);

/* The same of a stream's file, whose name tells all else. No system call in a private directory. */
void unsock_origin_note_stream(const char *path);

/* Reads what was noted. */
struct unsock_origin unsock_origin_read(const char *path);

/*
 * Does the socket of which that is known let the request's be bound to an address that it excludes? Both have
 * SO_REUSEPORT, or SO_REUSEADDR, and are this user's. Sets *same when it is the same address.
 */
bool unsock_origin_admits(const struct unsock_origin *origin, const struct unsock_bind_request *request, bool *same);

/* Has the socket of this file gone, for certain? */
bool unsock_origin_is_gone(const char *path);

#endif
