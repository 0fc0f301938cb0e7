/* Does somebody answer at a Unix socket? Its owner does not notice the question. */
#ifndef UNSOCK_ANSWERS_UNIX_H
#define UNSOCK_ANSWERS_UNIX_H

#include <stdint.h>

enum unsock_answer {
    UNSOCK_ANSWER_NOBODY,
    UNSOCK_ANSWER_SOON, /* a socket is bound, and does not listen yet */
    UNSOCK_ANSWER_READY,
};

/* `address`: a sockaddr_un of `length` bytes, of a file or an abstract name. `type`: SOCK_STREAM or SOCK_DGRAM. */
enum unsock_answer unsock_answers_unix(const void *address, uint32_t length, int type);

#endif
