/* What is in a directory, one name after the other. */
#ifndef UNSOCK_ENTRIES_H
#define UNSOCK_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSOCK_ENTRIES_CHUNK 1024 /* calls may run on small stacks */

enum unsock_entry_type { UNSOCK_ENTRY_OTHER, UNSOCK_ENTRY_SOCKET, UNSOCK_ENTRY_DIRECTORY };

struct unsock_entries {
    long fd; /* or -errno, also of reading: then not all has been told */
    size_t at;
    size_t filled;
    _Alignas(8) char buffer[UNSOCK_ENTRIES_CHUNK];
};

/* Opens `path`, which is no link, seen from the directory `at` (AT_FDCWD). */
void unsock_entries_open(struct unsock_entries *entries, long at, const char *path);

/*
 * The next name, good until the next call, but for "." and ".."; NULL at the end. A file that is removed meanwhile may
 * be told or not.
 */
const char *unsock_entries_next(struct unsock_entries *entries, enum unsock_entry_type *type);

/* From the beginning once more. */
void unsock_entries_rewind(struct unsock_entries *entries);

void unsock_entries_close(struct unsock_entries *entries);

#endif
