/* A directory that is held open, so that whoever puts another in its place changes nothing. */
#ifndef UNSOCK_HELD_H
#define UNSOCK_HELD_H

#include "rt/text.h"

/*
 * Writes a path to it, good for this process's life, into `path`; the given one where it cannot be opened, or there is
 * no /proc.
 */
void unsock_held_path(struct unsock_text *path, const char *directory);

#endif
