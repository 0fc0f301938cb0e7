/* The names of datagram sockets: their own, given for answers, and new ones in the place of those that they have. */
#ifndef UNSOCK_DATAGRAM_NAME_H
#define UNSOCK_DATAGRAM_NAME_H

#include "memory/fds.h"
#include "rules/ip.h"

/*
 * Gives a datagram socket without a name a file of its own, so that replies to what it sends to `target` reach it.
 * Returns 0 or -errno.
 */
long unsock_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* The same of an IP socket that the program had bound to an address outside: it keeps its port when it moves. */
long unsock_datagram_move(int fd, struct unsock_fd *entry);

/*
 * For a datagram socket that is bound to the wildcard of both families and to any port, before it first sends to an
 * IPv4 address (`target`): gives it a name by which receivers know it as an IPv4 sender. UDP chooses the source address
 * by the destination's.
 */
void unsock_datagram_show_ipv4(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

#endif
