/* Proof, before anything is started, that the library will be there. */
#ifndef UNSOCK_PROOF_H
#define UNSOCK_PROOF_H

#include "rt/text.h"

/*
 * Will a dynamic linker preload the file at this absolute path, and is it this very library: of this version, for this
 * machine, whole, in nobody else's hands, on a file system from which code may be mapped? Returns false with one line,
 * "library FILE: why: what to do", in `error`.
 */
bool unsock_proof_library(const char *path, struct unsock_text *error);

#endif
