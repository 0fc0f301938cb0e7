/* Datagram sockets of one process on one port: who has its file, and who waits behind it under a hidden name. */
#ifndef UNSOCK_SHARERS_H
#define UNSOCK_SHARERS_H

#include "files/own_names.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"

/* The name by which the entry's file is known now. Returns the length. */
socklen_t unsock_sharers_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/*
 * The file of a socket got another name: all descriptors of this process that had it by the old one learn the new one.
 */
void unsock_sharers_renamed(const struct unsock_fd *before, bool shadow, uint8_t tag);

/* Is `entry` of a socket with a file on the same port, and of the same type, as `other`? */
static inline bool unsock_sharers_same_port(const struct unsock_fd *entry, const struct unsock_fd *other) {
    return entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_FILE) && entry->type == other->type &&
           entry->local.port == other->local.port;
}

/*
 * Gives the port's file at `path`, now without a socket, to one that waits behind it, or has a name of its own: of this
 * process, else of another one. `several`: the port is said to have such names. Called with the directory locked.
 * Returns whether there was one.
 */
bool unsock_sharers_promote(const struct unsock_fd *old, const struct sockaddr_un *path, bool several);

/* The same of a file of an address's own: to one that waits for that address. */
bool unsock_sharers_follow(const struct unsock_fd *old, const struct sockaddr_un *path);

/*
 * The file at `path`, of a port or an address, has lost its socket to a kill: one that waits behind it gets it. Returns
 * whether there was one. Called with the directory locked.
 */
bool unsock_sharers_rescue(uint16_t port, const struct sockaddr_un *path);

/* Is the hidden file of this entry's socket PORT@ADDR.dgram.sock, and not a name under which it waits? */
static inline bool unsock_sharers_has_own_name(const struct unsock_fd *entry) {
    return (entry->flags & UNSOCK_HIDDEN) && entry->local.tag == UNSOCK_OWN_NAME_TAG;
}

/* Is the socket one that SO_REUSEPORT made two descriptors of this process share? */
bool unsock_sharers_is_shared(int fd, const struct unsock_fd *entry);

#endif
