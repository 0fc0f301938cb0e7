/*
 * The link .PORT.sock of a stream socket's port: who has PORT.sock, and whether others on the port have names of their
 * own. A client connects by it: it leads to PORT.sock where that is the only one, and where it does not, says so by the
 * errno of that very call. All but reading is done with the directory locked.
 */
#ifndef UNSOCK_PORT_LINK_H
#define UNSOCK_PORT_LINK_H

#include "rules/own_name.h"

/* Reads it. Where there is none, or something else, nobody has the name and there is no other: family 0. */
struct unsock_port_link unsock_port_link_get(uint16_t port);

/* Writes it, in one step. Returns 0 or -errno. */
long unsock_port_link_put(uint16_t port, const struct unsock_port_link *link);

/* The port's file has gone, and with it the link. */
void unsock_port_link_remove(uint16_t port);

#endif
