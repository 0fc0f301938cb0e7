/*
 * The names of a port's stream sockets, and how an address is written in them:
 *   .PORT@ADDR       a socket's own file, for ever by this name: only a socket on ADDR is ever bound by it
 *   .PORT@ADDR+N     the same of one with SO_REUSEPORT; from UNSOCK_PORT_WAITING on, of one that waits for another to
 * go PORT.sock        a link to the port's only socket, or to its first one ("./" before the name): plain clients
 * follow it .PORT@           a link that leads nowhere: the record of all of them, where there are several .PORT@~ the
 * next text of a link, before its rename ADDR is the address as text, '-' for each colon; "--" is [::] for IPv6 alone,
 * "any" [::] for both families. Where that would be too long for a socket's path, five characters stand for an address.
 * Pure.
 */
#ifndef UNSOCK_PORT_NAME_H
#define UNSOCK_PORT_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

#define UNSOCK_PORT_ADDRESS_MOST 40 /* bytes of an address as text, with its NUL */
#define UNSOCK_PORT_ENTRY_MOST 44   /* and with a number */
#define UNSOCK_PORT_LINK_MOST 56    /* what PORT.sock says, with its NUL */
#define UNSOCK_PORT_SHARERS 99      /* numbers of sockets with SO_REUSEPORT on one address: 1 to this */
#define UNSOCK_PORT_WAITING 100     /* the first number of one that waits */
#define UNSOCK_PORT_NUMBERS 109     /* the last number of all */
#define UNSOCK_PORT_PLAIN_TAG 0x7e  /* in unsock_fd.local.tag: the socket was bound to PORT.sock itself, by others */

/* A socket of a port, as its name tells it. */
struct unsock_port_entry {
    uint8_t number; /* 0: alone on its address */
    char address[UNSOCK_PORT_ADDRESS_MOST];
};

struct unsock_port_entry unsock_port_entry_of(const struct unsock_ip *ip, bool v6only, uint8_t number);

bool unsock_port_same(const struct unsock_port_entry *a, const struct unsock_port_entry *b);
bool unsock_port_same_address(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* Does TCP let only one of them be bound? That both are of one user, if they share an address, is asked elsewhere. */
bool unsock_port_conflict(const struct unsock_port_entry *a, const struct unsock_port_entry *b);

/* Cuts ADDR[+N], and the blank behind it, off the front. False at the end, and at what is none: *rest is not empty
 * then. */
bool unsock_port_entry_next(struct unsock_span *rest, struct unsock_port_entry *entry);

void unsock_port_entry_put(struct unsock_text *text, const struct unsock_port_entry *entry);

/* What five characters stand for may be several addresses: then the family alone is right, and it returns false. */
bool unsock_port_entry_ip(const struct unsock_port_entry *entry, struct unsock_ip *ip, bool *v6only);

/* The number and the family of [::] in one byte, for where the address is known (unsock_fd.local.tag); and back. */
uint8_t unsock_port_tag(bool v6only, uint8_t number);
struct unsock_port_entry unsock_port_entry_of_tag(const struct unsock_ip *ip);

/* Writes DIR/.PORT@ADDR[+N]. Returns the length. */
socklen_t unsock_port_path(uint16_t port, const struct unsock_port_entry *entry, struct sockaddr_un *path);

/* Writes DIR/.PORT@ and `end` behind it. */
void unsock_port_record_path(uint16_t port, const char *end, struct sockaddr_un *path);

/* Reads the name .PORT@ADDR[+N] in the directory. */
bool unsock_port_name_read(struct unsock_span name, uint16_t *port, struct unsock_port_entry *entry);

/* Is the path one of these names, and not PORT.sock? */
bool unsock_port_is_own_path(const struct sockaddr_un *path);

/* What the link PORT.sock says (NUL-terminated, UNSOCK_PORT_LINK_MOST bytes); and back: false for another's link. */
void unsock_port_link_write(uint16_t port, const struct unsock_port_entry *first, bool several, char *text);
bool unsock_port_link_read(struct unsock_span text, uint16_t port, struct unsock_port_entry *first, bool *several);

#endif
