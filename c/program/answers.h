/* Checks whether a port of the directory has a server, for `wait` and `query`; and reads ports as users write them. */
#ifndef UNSOCK_PROGRAM_ANSWERS_H
#define UNSOCK_PROGRAM_ANSWERS_H

#include "rules/ip.h"
#include "unsock.h"

/* path.c: Reads and writes ports in the users' form: 8000, 53/udp, 9042@127.0.0.2. Makes no system calls. */

struct unsock_port_words {
    int type; /* SOCK_STREAM or SOCK_DGRAM */
    bool has_address;
    struct unsock_ip ip; /* the port; also the address, if `has_address` */
};

/* Reads PORT, PORT/tcp or PORT/udp. Returns false for any other text. */
bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port);

/* Reads the same, or PORT@ADDR[/tcp|/udp]. Returns false with one line in `error`. */
bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error);

/* Writes the port in the form that unsock_port_words_read reads. */
void unsock_port_words_put(struct unsock_text *text, const struct unsock_port_words *port);

/* Writes the name of the port's link: PORT.sock, PORT.dgram.sock. */
void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port);

/* answers.c: Checks whether a server would answer a client at a port of a directory. A server with a Unix socket does
 * not notice the check. If a control file's target is of another family, the check makes a connection, and closes it at
 * once. */

enum unsock_answer {
    UNSOCK_ANSWER_NOBODY,
    UNSOCK_ANSWER_SOON, /* a socket is bound and does not listen yet, or the target does not answer in time */
    UNSOCK_ANSWER_READY,
};

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

/* Connects a non-blocking stream socket to the target of the control file. Returns the socket, whose connect may still
 * be in progress, or -errno. Sends a multiplexer its request, described in `asked`, and retries a full one until
 * `full`. */
struct unsock_firecracker;
long unsock_control_connect(struct unsock_control_file *control, struct unsock_firecracker *asked, int64_t full);

#endif
