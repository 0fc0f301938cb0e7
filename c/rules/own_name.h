/*
 * The names that tell an address: PORT@ADDR.sock, of a socket beside another one that has the port's own name; and the
 * link .PORT.sock, which tells who has that. Pure.
 */
#ifndef UNSOCK_OWN_NAME_H
#define UNSOCK_OWN_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_OWN_NAME_TAG 0xfe  /* in unsock_fd.local.tag, with UNSOCK_HIDDEN: the file is PORT@ADDR.sock */
#define UNSOCK_PORT_LINK_MOST 640 /* bytes of what the link says, with its NUL */

/*
 * Who has a port's own name, PORT.sock. `family` 0 of the address: nobody of whom it is known. `several`: there are
 * sockets on the port with names of their own.
 */
struct unsock_port_link {
    bool several;
    bool v6only;
    struct unsock_ip ip;
};

/*
 * Writes DIR/PORT@ADDR.sock of a stream socket, DIR/PORT@ADDR.dgram.sock of a datagram socket, '-' for each colon;
 * where that does not fit, five characters stand for the address (and .udp for .dgram.sock). Returns the length.
 */
socklen_t unsock_own_name_path(const struct unsock_ip *ip, int type, struct sockaddr_un *path);

/*
 * Reads the ADDR of such a name. Of five characters that may stand for other addresses too only the family is told:
 * then `known` is false.
 */
bool unsock_own_name_read(struct unsock_span text, struct unsock_ip *ip, bool *known);

#define UNSOCK_OWN_NAME_NUMBER_BITS 27

/*
 * The bound address `ip` as a number of so many bits: 127.x.y.z, ::1 and the wildcards exactly, of others a hash.
 * `v6only` counts for [::] alone.
 */
uint32_t unsock_own_name_number(const struct unsock_ip *ip, bool v6only);

/* The way back, without a port. False for a hash: then only the family is right. */
bool unsock_own_name_of_number(uint32_t number, struct unsock_ip *ip, bool *v6only);

/*
 * Does a bind to `ip` exclude the one that a number tells of, as unsock_ip_conflict says? Two addresses of one hash do.
 */
bool unsock_own_name_conflict(const struct unsock_ip *ip, bool v6only, uint32_t number);

/*
 * What the link DIR/.PORT.sock says (NUL-terminated). It leads to PORT.sock where that is the port's only socket, and
 * nowhere (ELOOP) where there are several: so that a client need not ask. Between the directory and the name, dots and
 * slashes that change nothing tell the holder's address.
 */
void unsock_port_link_write(const struct unsock_port_link *link, uint16_t port, char *text);

/* The way back. False for what is no such link of this port. */
bool unsock_port_link_read(struct unsock_span text, uint16_t port, struct unsock_port_link *link);

#endif
