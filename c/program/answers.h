/*
 * Would somebody be answered at a port of a directory? Servers do not notice the question, as long as they are behind a
 * Unix socket; where a control file leads to another machine, only a connection tells, which is closed at once.
 */
#ifndef UNSOCK_ANSWERS_H
#define UNSOCK_ANSWERS_H

#include "program/answers_unix.h"
#include "program/port_words.h"

/* What no change of the directory would tell, if the answer became another one. */
enum unsock_answer_by {
    UNSOCK_ANSWER_BY_DIRECTORY,
    UNSOCK_ANSWER_BY_FILE,       /* a control file leads to a Unix socket elsewhere */
    UNSOCK_ANSWER_BY_CONNECTION, /* a control file leads to where only a connection tells */
};

struct unsock_answers {
    enum unsock_answer answer;
    enum unsock_answer_by by;
};

/*
 * Asks. `most`: milliseconds that a connection may take. Who does not tell his address (a plain Unix server, a control
 * file) is there for all of them. Returns 0, or -errno of reading the directory.
 */
long unsock_answers_at(const char *directory, const struct unsock_port_words *port, int64_t most,
                       struct unsock_answers *answers);

#endif
