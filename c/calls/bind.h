/* bind, for streams and datagrams. */
#ifndef UNSOCK_BIND_H
#define UNSOCK_BIND_H

#include "memory/fds.h"
#include "rules/ip.h"

/* bind(2) of an IP socket (any kind but UNSOCK_KIND_OTHER) to `ip`, covered or not. Returns 0 or -errno. */
long unsock_bind_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * The same of a stream to an address that it had before. With SO_REUSEPORT it waits behind a process that has taken its
 * place meanwhile: haproxy's successor tells the old one to go on before it gives the port up.
 */
long unsock_bind_again(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

#endif
