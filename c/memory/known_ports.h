/*
 * By which kind of name a stream of this process last reached a server of a port. Only a guess: each name is right
 * where it answers, since it is never bound by a socket on another address.
 */
#ifndef UNSOCK_KNOWN_PORTS_H
#define UNSOCK_KNOWN_PORTS_H

#include <stdint.h>

enum unsock_known_way {
    UNSOCK_KNOWN_NOTHING,
    UNSOCK_KNOWN_EXACT,    /* the name of the very address */
    UNSOCK_KNOWN_WILDCARD, /* of its family's wildcard */
    UNSOCK_KNOWN_BOTH,     /* of the wildcard of both families */
};

/* `family`: AF_INET or AF_INET6, of the client's target. */
enum unsock_known_way unsock_known_port(uint16_t port, int family);
void unsock_known_port_note(uint16_t port, int family, enum unsock_known_way way);

#endif
