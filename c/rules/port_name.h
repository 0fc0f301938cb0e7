/*
 * The names of a port's sockets, and how an address is written in them. PORT.sock and .PORT@ADDR are a stream's,
 * PORT.dgram.sock and .PORTu@ADDR those of a datagram socket:
 *   .PORT@ADDR      a socket's own file: only a socket on ADDR is ever bound by it
 *   .PORT@ADDR+N    the same of one that shares its address; of streams, from UNSOCK_PORT_WAITING on, of one that waits
 *   PORT.sock       a link to the port's only socket, or to its first one ("./" before the name): plain clients follow
 *                   it. PORT.dgram.sock itself is the file of a client that has no other name
 *   .PORT@          a link that leads nowhere: the record of all of them, where there are several, or one shares
 *   .PORT@~         the next text of a link, before its rename
 * ADDR is the address as text, '-' for each colon; "--" is [::] for IPv6 alone, "any" [::] for both families. Where
 * that would be too long for a socket's path, five characters stand for an address. A datagram client that asks another
 * address than the default one first tells it behind its own: "0.0.0.0,127.0.0.2". Pure.
 *
 * In the record a socket is ADDR, or ADDR, marks and its number: '+' has SO_REUSEPORT, '*' is of datagrams and has
 * SO_REUSEADDR, '!' is connected to one client.
 *
 * This is protocol 1, which no name says. A library with another one begins the text of PORT.sock and of the record
 * with '#' and its number, as in "#2 127.0.0.1". No entry begins so: libraries of other protocols leave such a port
 * alone.
 */
#ifndef UNSOCK_PORT_NAME_H
#define UNSOCK_PORT_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"
#include "rules/port_entry.h"

#define UNSOCK_PORT_LINK_MOST 64 /* what PORT.sock says, with its NUL */

/* Which port: of streams or of datagrams. */
struct unsock_port_key {
    uint16_t number;
    uint8_t type; /* SOCK_STREAM or SOCK_DGRAM */
};

/* Writes DIR/.PORT@ADDR[+N]. Returns the length. */
socklen_t unsock_port_path(struct unsock_port_key key, const struct unsock_port_entry *entry, struct sockaddr_un *path);

/* The same of who is alone on an address of IPv4 or its wildcard: what nearly every connect and datagram needs. */
socklen_t unsock_port_path4(struct unsock_port_key key, const struct unsock_ip *ip, struct sockaddr_un *path);

/* Writes DIR/.PORT@ and `end` behind it. */
void unsock_port_record_path(struct unsock_port_key key, const char *end, struct sockaddr_un *path);

/* Reads the name .PORT@ADDR[+N] in the directory. */
bool unsock_port_name_read(struct unsock_span name, struct unsock_port_key *key, struct unsock_port_entry *entry);

/* Reads the name of a record, .PORT@ or .PORT@~. */
bool unsock_port_record_name_read(struct unsock_span name, struct unsock_port_key *key, bool *next);

/* Is this the text of a link that a library with another protocol has made? */
bool unsock_port_is_of_another_protocol(struct unsock_span text);

/* Is the path one of these names, and not PORT.sock? */
bool unsock_port_is_own_path(const struct sockaddr_un *path);

/* What the link PORT.sock says (NUL-terminated, UNSOCK_PORT_LINK_MOST bytes); and back: false for another's link. */
void unsock_port_link_write(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                            char *buffer);
bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several);

#endif
