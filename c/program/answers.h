/* Asks whether a server is at a port. */
#ifndef UNSOCK_PROGRAM_ANSWERS_H
#define UNSOCK_PROGRAM_ANSWERS_H

#include "rules/ip.h"
#include "unsock.h"

/* path.c: Ports as users write them: 8000, 53/udp, 9042@127.0.0.2. Pure. */

struct unsock_port_words {
    int type; /* SOCK_STREAM or SOCK_DGRAM */
    bool has_address;
    struct unsock_ip ip; /* its port, and with `has_address` the address of which the port is meant */
};

/* Reads PORT, PORT/tcp or PORT/udp; nothing else may stand there. */
bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port);

/* Reads that, or one with an address behind the number. Returns false with one line in `error`. */
bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error);

/* Writes it as it is read. */
void unsock_port_words_put(struct unsock_text *text, const struct unsock_port_words *port);

/* The name of the port's own file: PORT.sock, PORT.dgram.sock. */
void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port);

/*
 * answers.c: Asks whether a client would be answered at a port of a directory. Servers do not notice the question, as
 * long as they are behind a Unix socket; where a control file leads to another machine, only a connection tells, which
 * is closed at once.
 */

enum unsock_answer {
    UNSOCK_ANSWER_NOBODY,
    UNSOCK_ANSWER_SOON, /* a socket is bound and does not listen yet, or does not answer in time */
    UNSOCK_ANSWER_READY,
};

/* Where a change of the answer would show: in the directory, or only there where its control file leads. */
enum unsock_answer_by {
    UNSOCK_ANSWER_BY_DIRECTORY,
    UNSOCK_ANSWER_BY_FILE,       /* a control file leads to a Unix socket elsewhere */
    UNSOCK_ANSWER_BY_CONNECTION, /* a control file leads to where only a connection tells */
};

struct unsock_answers {
    enum unsock_answer answer;
    enum unsock_answer_by by;
};

/* Asks. `most`: milliseconds that a connection may take. A server that does not tell its address (plain Unix, or behind
 * a control file) is there for all of them. Returns 0, or -errno of reading the directory. */
long unsock_answers_at(const char *directory, const struct unsock_port_words *port, int64_t most,
                       struct unsock_answers *answers);

/* answers.c, for others too. */

/* A non-blocking socket that is connected, or about to be, to where the control file leads for streams; a multiplexer
 * has been asked (calls/target.h, `asked`, `full`). Returns -errno where it cannot be. */
struct unsock_firecracker;
long unsock_control_connect(struct unsock_control_file *control, struct unsock_firecracker *asked, int64_t full);

/* path.c: Writes the path of the file in `directory` (absolute) that a client of the port's address connects to,
 * whether it is there or not. Returns 0, -EINVAL or -ENOBUFS. */
long unsock_answers_path(const char *directory, const struct unsock_port_words *port, struct sockaddr_un *path);

#endif
