/* Which file answers at a path: a socket, a control file, or nobody. */
#ifndef UNSOCK_RESOLVE_H
#define UNSOCK_RESOLVE_H

#include "rt/net.h"
#include "unsock.h"

enum unsock_answers {
    UNSOCK_ANSWERS_NOBODY,  /* nothing is there */
    UNSOCK_ANSWERS_SOCKET,  /* a socket file, whose socket may live or be gone */
    UNSOCK_ANSWERS_CONTROL, /* a control file */
    UNSOCK_ANSWERS_OTHER,   /* something that is in the way: a directory, a FIFO, a link to nowhere */
};

/*
 * Returns one of these, with the content of a control file in `control` (or NULL). Else it returns -EINVAL for a
 * regular file that is no control file, -EACCES for one that may not be read, or what else looking at the path said.
 * Never blocks.
 */
long unsock_resolve(const char *path, struct unsock_control_file *control);

/*
 * Does -errno of a connect, or of a datagram, leave it open whether a control file is there? What is no socket refuses,
 * but says EACCES first to who may not write to it (unix_find_bsd, net/unix/af_unix.c): to all but a file's owner.
 */
static inline bool unsock_resolve_is_worth_it(long result) {
    return result == -ECONNREFUSED || result == -EACCES;
}

#endif
