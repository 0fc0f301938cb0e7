/*
 * exec, followed: whoever executes a program takes the library along. What the new environment lacks of LD_PRELOAD and
 * UNSOCK_* is put back; a program that preloading cannot reach is started by the library as its loader, trapped; what
 * neither reaches is named on stderr, or with UNSOCK_STRICT not started.
 */
#ifndef UNSOCK_EXEC_H
#define UNSOCK_EXEC_H

#include "process/exec_space.h"

#include <stddef.h>

/* What the library tells itself when it is to be a loader, behind the program's own environment: always both, in this
 * order. */
#define UNSOCK_LOAD_FILE                                                                                               \
    "UNSOCK_LOAD_FILE=" /* "p" and the path of the file to load, or "f" and its descriptor, to be closed; "i" before:  \
                           SIGSYS is ignored, which the kernel does not know below a filter */
#define UNSOCK_LOAD_NAME "UNSOCK_LOAD_NAME=" /* by which name it was executed */

/* execveat(2)'s arguments. */
struct unsock_exec {
    int directory;
    const char *path;
    const char *const *argv;
    const char *const *environment;
    int flags;
};

/* What is to be executed instead. Its memory is that of the space. */
struct unsock_exec_plan {
    struct unsock_exec exec;
    struct unsock_exec_space *space;
    int descriptor; /* opened for it, to be closed when nothing comes of it; -1: none */
};

/* Returns 0, or -errno: then there is nothing to execute, and no plan. */
long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan);
void unsock_exec_drop(struct unsock_exec_plan *plan);

/* execveat(2) by such a plan. Returns -errno, if it returns. */
long unsock_exec(const struct unsock_exec *exec);

#endif
