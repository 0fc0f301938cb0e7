/*
 * A socket of a port, as its name and the record tell it: an address as text, '-' for each colon; "--" is [::] for IPv6
 * alone, "any" [::] for both families. Where that would be too long for a socket's path, five characters stand for an
 * address. A datagram client that asks another address than the default one tells it behind its own:
 * "0.0.0.0,127.0.0.2". Pure.
 *
 * In the record that is ADDR, or ADDR, marks and a number: '+' has SO_REUSEPORT, '*' is of datagrams and has
 * SO_REUSEADDR, '!' is connected to one client.
 */
#ifndef UNSOCK_PORT_ENTRY_H
#define UNSOCK_PORT_ENTRY_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#ifndef UNSOCK_PORT_ADDRESS_MOST
#define UNSOCK_PORT_ADDRESS_MOST 48 /* bytes of an address as text, with its NUL; a proof has fewer */
#endif
#define UNSOCK_PORT_ENTRY_MOST 56 /* with marks and a number */
#define UNSOCK_PORT_SHARERS 99    /* numbers of sockets that share one address: 1 to this */
#define UNSOCK_PORT_WAITING 100   /* the first number of one that waits */
#define UNSOCK_PORT_NUMBERS 109   /* the last number of all */

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

/*
 * What unsock_fd.local.tag says of the name that a socket is bound by: its number, with V6ONLY for a [::] that takes no
 * IPv4, or one of the other three.
 */
enum unsock_name_tag {
    UNSOCK_NAME_TAG_ASKING = 0x7d,     /* that of a datagram client that asks */
    UNSOCK_NAME_TAG_PLAIN = 0x7e,      /* PORT.sock itself */
    UNSOCK_NAME_TAG_V6ONLY = 0x80,     /* a bit */
    UNSOCK_NAME_TAG_LISTEN_FDS = 0xfd, /* a service manager has opened the socket, and its file is none of ours */
};

/* The number and the family of [::] in one byte, for where the address is known; and back. */
uint8_t unsock_port_tag(bool v6only, uint8_t number);
struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip);

/* Has a socket's path room for an address as text of this length? */
bool unsock_port_entry_fits(size_t length);

#endif
