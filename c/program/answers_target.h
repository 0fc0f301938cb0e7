/* Would somebody be answered at where a control file leads? */
#ifndef UNSOCK_ANSWERS_TARGET_H
#define UNSOCK_ANSWERS_TARGET_H

#include "program/answers_unix.h"
#include "unsock.h"

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
 * Asks. `control` is a valid one, `type` SOCK_STREAM or SOCK_DGRAM; a connection may take `most` milliseconds. Of what
 * nobody can be asked (UDP by IP, a vsock port of any CID, at which servers listen) the answer is READY.
 */
void unsock_answers_target(const struct unsock_control_file *control, int type, int64_t most,
                           struct unsock_answers *answers);

#endif
