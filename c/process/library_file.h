/* The library's own file. */
#ifndef UNSOCK_LIBRARY_FILE_H
#define UNSOCK_LIBRARY_FILE_H

#include "rt/text.h"
#include "rules/settings.h"

#define UNSOCK_LIBRARY_FILE_MOST 4096

/* Cuts the next entry off the front of LD_PRELOAD's value: they are separated by spaces or colons (ld.so(8)). Empty at
 * the end. */
struct unsock_span unsock_preload_next(struct unsock_span *rest);

/* Does /proc/self/maps tell the path of this library's file? Writes it into `buffer`, of UNSOCK_LIBRARY_FILE_MOST
 * bytes. */
bool unsock_library_file_mapped(char *buffer, struct unsock_span *path);

/*
 * The absolute path by which others can be given the library: as LD_PRELOAD says, where that is absolute, else as
 * mapped. False when neither tells.
 */
bool unsock_library_file(const struct unsock_environment *environment, char *buffer, struct unsock_span *path);

#endif
