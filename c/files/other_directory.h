/*
 * Another directory of socket files than the one in force (unsock_settings), for who asks about it: a port's names are
 * those of the directory in force. Not for use while other threads make socket calls.
 */
#ifndef UNSOCK_OTHER_DIRECTORY_H
#define UNSOCK_OTHER_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "rules/settings.h"

/* The directory that is in force otherwise. */
struct unsock_other_directory {
    char directory[UNSOCK_DIR_ROOM];
    size_t length;
};

/* `directory`: an absolute path of `length` bytes. False, and nothing to end: it is none, or its names have no room. */
bool unsock_other_directory_begin(struct unsock_other_directory *visit, const char *directory, size_t length);
void unsock_other_directory_end(const struct unsock_other_directory *visit);

#endif
