/*
 * Changing what is in the directory of the socket files. Its path leads elsewhere once somebody has put another
 * directory in its place; where others than root and the user could do that (UNSOCK_TRUST), each change is made from a
 * descriptor of the very directory that was there at the start. Elsewhere that costs nothing: the path is as good.
 *
 * The functions take absolute paths, as their namesakes of the kernel, and return what the kernel says; -EACCES where
 * another directory is in the place.
 */
#ifndef UNSOCK_DIRECTORY_CHANGE_H
#define UNSOCK_DIRECTORY_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

/* Which directory it is; inode 0: it cannot be reached. */
struct unsock_directory_id {
    uint64_t inode;
    uint32_t major, minor; /* of its file system */
};

/* As it was found at the start, and whether others than root and the user could put another in its place. */
void unsock_directory_change_start(const struct unsock_directory_id *directory, bool may_move);

/* May a path not be used for what changes a file in it? */
bool unsock_directory_may_move(void);

/* Does the path lead into that directory, by how it begins? */
bool unsock_directory_has_path(const char *path);

long unsock_directory_unlink(const char *path);
long unsock_directory_symlink(const char *text, const char *path);
long unsock_directory_link(const char *from, const char *to);
long unsock_directory_rename(const char *from, const char *to);

/* With flags of renameat2(2). */
long unsock_directory_rename_with(const char *from, const char *to, unsigned flags);

/* Times of the file itself, not of what it leads to (utimensat(2)). */
long unsock_directory_set_times(const char *path, const void *times);

/* Opens it (openat(2)), as a descriptor of the library (kernel/beyond_limit.h). */
long unsock_directory_open(const char *path, int flags, int mode);

#endif
