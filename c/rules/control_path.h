/* Control files that lead to a Unix socket of another name. Pure. */
#ifndef UNSOCK_CONTROL_PATH_H
#define UNSOCK_CONTROL_PATH_H

#include "rt/text.h"
#include "unsock.h"

#include <stdbool.h>

/*
 * Makes the one that leads to the Unix socket at `path`, which is absolute, or "@NAME", an abstract name. Returns false
 * when it is empty or does not fit into an address.
 */
bool unsock_control_to_path(struct unsock_control_file *file, const char *path);

#endif
