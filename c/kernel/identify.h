/* What a descriptor is of which nothing is known, by the kernel's own names. */
#ifndef UNSOCK_IDENTIFY_H
#define UNSOCK_IDENTIFY_H

#include "memory/fds.h"

/* Is the bound socket with a file that the entry describes (still) behind this descriptor? */
bool unsock_identify_has_file(int fd, const struct unsock_fd *entry);

/*
 * What the kernel says that a descriptor is of which nothing is known. Returns its entry, filled, or `scratch` where
 * the cache has no room. The kind is UNSOCK_KIND_UNKNOWN when it is no socket that could be ours, and also when that
 * cannot be known.
 */
struct unsock_fd *unsock_identify_unknown(int fd, struct unsock_fd *scratch);

/*
 * The same for a call that brings an address of `family` (AF_INET, AF_INET6): an unnamed AF_UNIX stream of which
 * nothing is known was then born to stand for an IP socket, in the program that this one was executed by.
 */
struct unsock_fd *unsock_identify_unknown_for(int fd, int family, struct unsock_fd *scratch);

/*
 * Is this a connected stream in the place of a TCP one? By the kernel's word where it has one; nothing is remembered.
 * For callers that heard of the descriptor from the kernel and not from the program: other threads of the program may
 * just then be closing it, and making another of the same number.
 */
bool unsock_identify_is_connection(int fd);

/*
 * The -errno of a call that depends on what the entry's descriptor is, where that cannot be known; 0 where it is known.
 * Such a call must not go to the kernel as if the descriptor were none of ours.
 */
static inline long unsock_identify_wrong(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_UNKNOWN ? entry->refusal.error : 0;
}

/* What a descriptor is: by the cache, else by the kernel, as above. */
static inline struct unsock_fd *unsock_identify(int fd, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? entry : unsock_identify_unknown(fd, scratch);
}

static inline struct unsock_fd *unsock_identify_for(int fd, int family, struct unsock_fd *scratch) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry ? entry : unsock_identify_unknown_for(fd, family, scratch);
}

#endif
