/* Checks whether a port of the directory has a server, for `path`, `wait` and `query`. */
#ifndef UNSOCK_PROGRAM_ANSWERS_H
#define UNSOCK_PROGRAM_ANSWERS_H

#include "files/port.h"
#include "unsock.h"

/* answers.c: Checks whether a server would answer a client at a port of a directory. A server with a Unix socket does
 * not notice the check. If a control file's target is of another family, the check makes a connection, and closes it at
 * once. */

struct unsock_answers {
    enum unsock_answer answer;
    int64_t again;           /* ms after which it may have changed without a change in the directory; -1: it cannot */
    struct sockaddr_un path; /* the file to which a client connects, whether it is there or not; empty after EINVAL */
};

/* Checks the port; a connection may take `most` milliseconds (-1: makes none, and checks no target). A server whose
 * address is unknown (a plain one, or the target of a control file) counts for every address. Returns 0, -ENOBUFS or
 * -EINVAL, or -errno of reading the directory. */
long unsock_answers_at(const char *directory, const struct unsock_port_words *words, int64_t most,
                       struct unsock_answers *answers);

#endif
