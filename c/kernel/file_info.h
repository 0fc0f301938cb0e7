/* What stands at a path. */
#ifndef UNSOCK_FILE_INFO_H
#define UNSOCK_FILE_INFO_H

#include <stdbool.h>
#include <stdint.h>

/* The inode number of the socket file at `path`; 0 when something else is there; -errno. Links are not followed. */
int64_t unsock_file_inode(const char *path);

/* Which file, of all file systems. */
struct unsock_file_id {
    uint64_t inode; /* 0: none, or no socket file */
    uint32_t device;
};

/*
 * Which socket file is at `path`, seen from the directory `at`; an empty path: which one `at` itself has open. Links
 * are not followed. Returns 0, also where something else is, or -errno: then `id` is of none.
 */
long unsock_file_identify(int at, const char *path, struct unsock_file_id *id);

static inline bool unsock_file_is(const struct unsock_file_id *one, const struct unsock_file_id *other) {
    return one->inode != 0 && one->inode == other->inode && one->device == other->device;
}

/* Is it a symbolic link, for certain? */
bool unsock_file_is_link(const char *path);

/* A key made of what is known of the file by those alone who may look at it. Returns 0 or -errno. */
long unsock_file_key(const char *path, uint64_t key[2]);

#endif
