/* What stands at a path. */
#ifndef UNSOCK_FILE_INFO_H
#define UNSOCK_FILE_INFO_H

#include <stdbool.h>
#include <stdint.h>

/* The inode number of the socket file at `path`; 0 when something else is there; -errno. Links are not followed. */
int64_t unsock_file_inode(const char *path);

/* Is it a symbolic link, for certain? */
bool unsock_file_is_link(const char *path);

/* A key made of what is known of the file by those alone who may look at it. Returns 0 or -errno. */
long unsock_file_key(const char *path, uint64_t key[2]);

#endif
