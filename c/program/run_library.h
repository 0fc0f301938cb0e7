/* The library that is preloaded: the one that is named, or this one. */
#ifndef UNSOCK_RUN_LIBRARY_H
#define UNSOCK_RUN_LIBRARY_H

#include "rt/text.h"
#include "rules/environment.h"

/*
 * Chooses: the option (NULL: not given), UNSOCK_LIB, `own` (this file's path; NULL: /proc does not tell), and proves
 * that it can be preloaded (process/proof.h). Writes its absolute path into `path` (UNSOCK_RUN_PATH_MOST bytes).
 * Returns false with one line in `error`.
 */
bool unsock_run_library_choose(const char *option, const char *own, const struct unsock_environment *environment,
                               char *path, struct unsock_text *error);

#endif
