/* Which file answers at a path: a socket, a control file, or nobody. */
#ifndef UNSOCK_RESOLVE_H
#define UNSOCK_RESOLVE_H

#include "unsock.h"

enum unsock_answers {
    UNSOCK_ANSWERS_NOBODY,  /* nothing is there */
    UNSOCK_ANSWERS_SOCKET,  /* a socket file, whose socket may live or be gone */
    UNSOCK_ANSWERS_CONTROL, /* a control file */
    UNSOCK_ANSWERS_OTHER,   /* something that is in the way: a directory, a FIFO, a link to nowhere */
};

/*
 * Returns one of these, with the content of a control file in `control` (or NULL); or -EINVAL for a regular file that
 * is no control file, -EACCES for one that may not be read, or what else looking at the path said. Never blocks.
 */
long unsock_resolve(const char *path, struct unsock_control_file *control);

#endif
