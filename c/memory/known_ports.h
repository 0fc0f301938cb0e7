/*
 * By which kind of name this process last reached a server of a port, or heard of a client. Only a guess: each name is
 * right where it answers, since it is never bound by a socket on another address.
 */
#ifndef UNSOCK_KNOWN_PORTS_H
#define UNSOCK_KNOWN_PORTS_H

#include "rules/ip.h"

enum unsock_known_way {
    UNSOCK_KNOWN_NOTHING,
    UNSOCK_KNOWN_EXACT,    /* the name of the very address */
    UNSOCK_KNOWN_WILDCARD, /* of its family's wildcard */
    UNSOCK_KNOWN_BOTH,     /* of the wildcard of both families */
    UNSOCK_KNOWN_PLAIN,    /* datagrams: PORT.dgram.sock itself has just been heard of */
    UNSOCK_KNOWN_CONTROL,  /* streams: a control file stands at PORT.sock */
};

/* Of the port and the family of `target`; `type`: SOCK_STREAM or SOCK_DGRAM. */
enum unsock_known_way unsock_known_port(const struct unsock_ip *target, int type);
void unsock_known_port_note(const struct unsock_ip *target, int type, enum unsock_known_way way);

#endif
