/*
 * `unsock expose`: a TCP port of the real network that leads to the directory's server, or with --in a port of the
 * directory that leads to a server of the real network, as long as this runs.
 */
#ifndef UNSOCK_EXPOSE_H
#define UNSOCK_EXPOSE_H

#include "rt/text.h"

/* `words`: those behind `expose`. Returns the exit status, with one line in `error`; -ENOTSUP for --help. */
int unsock_expose(const char *const *words, const char *const *environment, struct unsock_text *error);

#endif
