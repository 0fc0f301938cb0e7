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
 */
#ifndef UNSOCK_PORT_NAME_H
#define UNSOCK_PORT_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_PORT_ADDRESS_MOST 48 /* bytes of an address as text, with its NUL */
#define UNSOCK_PORT_ENTRY_MOST 56   /* with marks and a number */
#define UNSOCK_PORT_LINK_MOST 64    /* what PORT.sock says, with its NUL */
#define UNSOCK_PORT_SHARERS 99      /* numbers of sockets that share one address: 1 to this */
#define UNSOCK_PORT_WAITING 100     /* the first number of one that waits */
#define UNSOCK_PORT_NUMBERS 109     /* the last number of all */
#define UNSOCK_PORT_PLAIN_TAG 0x7e  /* in unsock_fd.local.tag: the socket's file is PORT.sock itself */
#define UNSOCK_PORT_ASKING_TAG 0x7d /* it is that of a datagram client that asks */

/* Which port: of streams or of datagrams. */
struct unsock_port_key {
    uint16_t number;
    uint8_t type; /* SOCK_STREAM or SOCK_DGRAM */
};

enum {
    UNSOCK_PORT_REUSEPORT = 1 << 0, /* '+' */
    UNSOCK_PORT_REUSEADDR = 1 << 1, /* '*' */
    UNSOCK_PORT_CONNECTED = 1 << 2, /* '!': is tried before others on its address */
    UNSOCK_PORT_SHARES = UNSOCK_PORT_REUSEPORT | UNSOCK_PORT_REUSEADDR,
};

/* A socket of a port, as its name and the record tell it. */
struct unsock_port_entry {
    uint8_t number; /* 0: the address's first one */
    uint8_t marks;
    char address[UNSOCK_PORT_ADDRESS_MOST];
};

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number);

/* A datagram client on a wildcard that asks `target`. False where it asks nobody, or its name would be too long. */
bool unsock_port_entry_asking(const struct unsock_ip *any, bool v6only, const struct unsock_ip *target,
                              struct unsock_port_entry *entry);

/* Is it such a client? Then `target` (without a port) is whom it asked, if that is known for certain. */
bool unsock_port_entry_asks(const struct unsock_port_entry *entry);
bool unsock_port_entry_target(const struct unsock_port_entry *entry, struct unsock_ip *target);

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b);
bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* Would TCP and UDP let only one of them be bound, if neither shared its address? */
bool unsock_port_overlap(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* Do they let only one of them be bound? That both are of one user, if they share an address, is asked elsewhere. */
bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/*
 * Cuts an entry of the record, and the blank behind it, off the front. False at the end, and at what is none: *rest is
 * not empty then.
 */
bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry);

void unsock_port_entry_put(struct unsock_text *text, const struct unsock_port_entry *entry);

/* What five characters stand for may be several addresses: then the family alone is right, and it returns false. */
bool unsock_port_entry_ip(const struct unsock_port_entry *entry, struct unsock_ip *ip, bool *v6only);

/* The number and the family of [::] in one byte, for where the address is known (unsock_fd.local.tag); and back. */
uint8_t unsock_port_tag(bool v6only, uint8_t number);
struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip);

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

/* Is the path one of these names, and not PORT.sock? */
bool unsock_port_is_own_path(const struct sockaddr_un *path);

/* What the link PORT.sock says (NUL-terminated, UNSOCK_PORT_LINK_MOST bytes); and back: false for another's link. */
void unsock_port_link_write(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                            char *buffer);
bool unsock_port_link_read(struct unsock_span text, struct unsock_port_key key, struct unsock_port_entry *first,
                           bool *several);

#endif
