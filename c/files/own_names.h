/*
 * Datagram sockets beside the one that has a port's file: on addresses that UDP tells apart, each known by a name of
 * its own, PORT@ADDR.dgram.sock. Everything here is done with the directory locked.
 */
#ifndef UNSOCK_OWN_NAMES_H
#define UNSOCK_OWN_NAMES_H

#include "files/bound.h"
#include "memory/fds.h"
#include "rules/ip.h"
#include "rules/own_name.h"

/* Would UDP refuse this bind because of a socket that has a name of its own? 0, 1, or -errno where it cannot be
 * told.
 */
long unsock_own_names_clash(const struct unsock_bind_request *request);

/*
 * Do all those that would be a reason let it (unsock_origin_admits)? False as well where that cannot be told. Sets
 * *same when one of them is on the request's very address.
 */
bool unsock_own_names_admit(const struct unsock_bind_request *request, bool *same);

/* Lets senders know that the request's port has several sockets. Returns 0 or -errno. */
long unsock_own_names_tell(const struct unsock_bind_request *request);

/*
 * Binds beside the socket that has the port's file, to a name that tells the address. Returns 0 or -errno: nothing is
 * bound then.
 */
long unsock_own_names_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* The socket of that address has the port's file: one of its own name, which a killed process left, would lead clients
 * there. */
void unsock_own_names_clear(const struct unsock_ip *ip);

/* Another one has the port's file .PORT.udp, which tells its address. */
void unsock_own_names_holder(uint16_t port);

/* A file of an address's own is gone: when it was the last one, clients need not ask for such names any more. */
void unsock_own_names_gone(uint16_t port);

/*
 * The port's file, at `path`, has no socket: one of any process that has a name of its own gets it. Returns whether
 * there was one.
 */
bool unsock_own_names_promote(uint16_t port, const struct sockaddr_un *path);

/* Has the directory any file of an address's own, with a socket or left over? True where that cannot be told. */
bool unsock_own_names_left(const char *directory, uint16_t port);

#endif
