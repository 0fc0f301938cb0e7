/* What the names in a directory of socket files say, as text; and what of it is left over. */
#ifndef UNSOCK_DIRECTORY_NAMES_H
#define UNSOCK_DIRECTORY_NAMES_H

#include "rt/text.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Looks with the directory locked for all that is left over in it (files/prune.h), and removes it if `remove` is not 0.
 * Writes a line "NAME<TAB>RESULT" for each into `text`: RESULT is 1, or -errno. Returns 0, or -errno: not all has been
 * looked at; -ENOBUFS: not all has been told.
 */
int unsock_prune_all(const char *directory, int remove, char *text, size_t size);

/*
 * Writes the path of the file in `directory` (absolute) that a client of `address` (a sockaddr_in or sockaddr_in6 of
 * `length` bytes) is led to, whether it is there or not. Returns its length, or -EINVAL, -ENAMETOOLONG (`size` too
 * small) or -ENOBUFS (no memory).
 */
int unsock_path_of(const char *directory, const void *address, uint32_t length, int type, char *path, size_t size);

/*
 * Looks in `directory` for directories of `run --private`, and control files of `run --map`, that are left over, and
 * removes them if `remove` is not 0. Writes the path of each, with a newline behind it, into `text`.
 */
void unsock_private_prune(const char *directory, int remove, char *text, size_t size);

/*
 * Writes a path to it, good for this process's life, into `path`; the given one where it cannot be opened, or there is
 * no /proc.
 */
void unsock_directory_held_path(struct unsock_text *path, const char *directory);

#endif
