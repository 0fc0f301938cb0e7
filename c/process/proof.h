/* Which library is preloaded, and proof, before anything is started, that it will be there. */
#ifndef UNSOCK_PROOF_H
#define UNSOCK_PROOF_H

#include "rt/text.h"
#include "rules/environment.h"

/*
 * Will a dynamic linker preload the file at this absolute path, and is it this very library: of this version, for this
 * machine, whole, in nobody else's hands, on a file system from which code may be mapped? Returns false with one line,
 * "library FILE: why: what to do", in `error`.
 */
bool unsock_proof_library(const char *path, struct unsock_text *error);

/*
 * Chooses: the option (NULL: not given), UNSOCK_LIB, `own` (this file's path; NULL: /proc does not tell), and proves
 * that it can be preloaded (unsock_proof_library). Writes its absolute path into `path` (UNSOCK_RUN_PATH_MOST bytes).
 * Returns false with one line in `error`.
 */
bool unsock_proof_choose(const char *option, const char *own, const struct unsock_environment *environment, char *path,
                         struct unsock_text *error);

/* Returns false with one line, "sockets: which call: why: what to do", in `error`. Nothing is bound for the question.
 */
bool unsock_sockets_allowed(struct unsock_text *error);

#endif
