/* Ports as users write them: 8000, 53/udp, 9042@127.0.0.2; 192.0.2.1:80, [2001:db8::1]:80, [fe80::1%2]:80. Pure. */
#ifndef UNSOCK_PORT_WORDS_H
#define UNSOCK_PORT_WORDS_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#include <stdbool.h>

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

/* Reads one into a sockaddr_in or sockaddr_in6 of `length` bytes. False: it is none. */
bool unsock_port_words_inet(const char *text, union unsock_sockaddr *address, uint32_t *length);

#endif
