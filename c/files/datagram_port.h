/*
 * A datagram socket's port with sockets on several addresses. PORT.dgram.sock is a link to itself then, so that a
 * sender hears of it in the very call (ELOOP), and the socket that had the name has .PORT.udp: whoever sends pays
 * nothing where a port has one socket, and neither that nor a client has anything beside its file. All but asking is
 * done with the directory locked.
 */
#ifndef UNSOCK_DATAGRAM_PORT_H
#define UNSOCK_DATAGRAM_PORT_H

#include "rt/net.h"

/* Has the port several sockets, so that PORT.dgram.sock is such a link? */
bool unsock_datagram_port_is_several(uint16_t port);

/* The path of the socket that has the port, or had it first. Returns the length. */
socklen_t unsock_datagram_port_holder(uint16_t port, struct sockaddr_un *path);

/* Is that the path which it has where there are several? */
bool unsock_datagram_port_is_aside(const struct sockaddr_un *path);

/* Makes it the port of several, whose file is the socket's that has it. Returns 0 or -errno. */
long unsock_datagram_port_divide(uint16_t port);

/* Nobody is there but the holder, who gets his name back; or nobody at all. */
void unsock_datagram_port_unite(uint16_t port);

#endif
