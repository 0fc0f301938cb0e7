/* By which file a client reaches the server of an address. */
#ifndef UNSOCK_PORT_SEARCH_H
#define UNSOCK_PORT_SEARCH_H

#include "rt/net.h"
#include "rules/ip.h"

/* Goes to the path that the caller of the following has given: connects, or sends. Returns what the kernel says. */
typedef long unsock_port_way(void *attempt);

/* Whom somebody looks for, and how he goes there. */
struct unsock_port_search {
    const struct unsock_ip *target;
    uint8_t type;    /* SOCK_STREAM or SOCK_DGRAM */
    bool connects;   /* a datagram socket that is not only to send: it must be right for long */
    unsigned spread; /* of datagrams: of several that share an address it is always the same one for this number */
    struct sockaddr_un *path; /* gets each name before */
    socklen_t *length;
    unsock_port_way *way;
    void *attempt;
};

/*
 * Goes the way to the server of the target, in TCP's order: to the address itself, the family's wildcard, the one of
 * both families. Where no socket of ours has the port, it goes to PORT.sock: a plain server, a client or a control
 * file. A datagram socket that is connected to somebody else (EPERM) is passed over. Returns what the last way said;
 * -ENOENT: nobody has the address.
 */
long unsock_port_go(struct unsock_port_search *search);

#endif
