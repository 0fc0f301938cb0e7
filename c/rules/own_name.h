/*
 * The names that tell the address of a datagram socket: PORT@ADDR.dgram.sock, beside another one that has the port's
 * own name; and how an address is written in any name. Pure.
 */
#ifndef UNSOCK_OWN_NAME_H
#define UNSOCK_OWN_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_OWN_NAME_TAG                                                                                            \
    0xfe /* in unsock_fd.local.tag, with UNSOCK_HIDDEN: datagrams: the file is PORT@ADDR.dgram.sock */

/* Writes an address, '-' for each colon; or, `shortened`, the five characters that stand for it. */
void unsock_own_name_put(struct unsock_text *text, const struct unsock_ip *ip, bool shortened);

/*
 * Writes DIR/PORT@ADDR.dgram.sock; where that does not fit, five characters stand for the address, and .udp for
 * .dgram.sock. Returns the length.
 */
socklen_t unsock_own_name_path(const struct unsock_ip *ip, struct sockaddr_un *path);

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

#endif
