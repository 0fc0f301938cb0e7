/* Which IP addresses are redirected, and which socket file stands for one. Pure. */
#ifndef UNSOCK_ADDRESS_H
#define UNSOCK_ADDRESS_H

#include "rt/net.h"
#include "rules/ip.h"
#include "rules/settings.h"

/* Is this address redirected? Port 0 asks for the address alone. */
bool unsock_address_covered(const struct unsock_ip *ip);

/* The same for a bind: a wildcard [::] that is not IPV6_V6ONLY is also the IPv4 wildcard. */
bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only);

/* The address that peers without one of their own have for a socket of `domain`. */
struct unsock_ip unsock_address_default(int domain, uint16_t port);

/* The address of machine `number` in a range of IPv4 addresses: by the number itself where that fits. */
struct unsock_ip unsock_address_in_range(const struct unsock_prefix *range, uint32_t number, uint16_t port);

/*
 * The own address of a connection that a listener accepted. `bound`: the listener's. `claimed`: the one that the peer
 * says that it connected to: it counts where the listener has many, if it is one of those; a peer could have connected
 * to that as well.
 */
struct unsock_ip unsock_address_accepted(const struct unsock_ip *bound, const struct unsock_ip *claimed);

/* Writes the name of a port for plain Unix programs: DIR/PORT.sock (SOCK_STREAM) or DIR/PORT.dgram.sock. Returns the
 * length. */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path);

#endif
