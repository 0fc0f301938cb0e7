/* bind, for streams and datagrams. */
#ifndef UNSOCK_BIND_H
#define UNSOCK_BIND_H

#include "memory/fds.h"
#include "rules/ip.h"

/* bind(2) of an IP socket (any kind but UNSOCK_KIND_OTHER) to `ip`, covered or not. Returns 0 or -errno. */
long unsock_bind(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * The same of a stream to an address that it had before. With SO_REUSEPORT it waits behind a process that has taken its
 * place meanwhile: haproxy's successor tells the old one to go on before it gives the port up.
 */
long unsock_bind_again(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * Gives a datagram socket without a name a file of its own, so that replies to what it sends to `target` reach it.
 * Returns 0 or -errno.
 */
long unsock_bind_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* Is the socket one that SO_REUSEPORT made two descriptors of this process share? */
bool unsock_bind_is_shared(int fd, const struct unsock_fd *entry);

/*
 * A datagram socket is about to be connected: if SO_REUSEPORT made others share it, they must not be connected with it.
 * Gives it a socket of its own on the same port. Returns 0 or -errno.
 */
long unsock_bind_alone(int fd, struct unsock_fd *entry);

/*
 * A datagram socket bound to the wildcard of both families and to any port is about to send to an IPv4 address for the
 * first time: gives it a name by which receivers know it as an IPv4 sender, as UDP chooses its source address by the
 * destination's.
 */
void unsock_bind_show_ipv4(int fd, struct unsock_fd *entry);

#endif
