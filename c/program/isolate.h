/* `run --isolate`: no network but unsock's. */
#ifndef UNSOCK_ISOLATE_H
#define UNSOCK_ISOLATE_H

#include "rt/text.h"

/*
 * Puts this process, which has one thread, into a network namespace of its own. Nothing is in it but `lo`, which is up.
 * Where the process may not make one by itself, it makes a user namespace first, which has its user and group alone.
 * Returns false with one line in `error`.
 */
bool unsock_isolate(struct unsock_text *error);

#endif
