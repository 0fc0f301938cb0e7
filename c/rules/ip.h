/* IP addresses, and how they are written. */
#ifndef UNSOCK_RULES_IP_H
#define UNSOCK_RULES_IP_H

#include "rt/base.h"
#include "rt/text.h"

#include <stddef.h>
#include <stdint.h>

/*
 * ip.c: IP addresses: to and from sockaddr and text. Pure. The only place where byte order changes: outside, ports are
 * in host byte order.
 */

/* An IP address and port. An IPv4-mapped IPv6 address is always held as the IPv4 address that it means. */
struct unsock_ip {
    uint8_t bytes[16]; /* network byte order; an IPv4 address uses the first 4 */
    uint16_t port;     /* host byte order */
    uint8_t family;    /* AF_INET, AF_INET6, or 0: none */
    uint8_t tag;       /* free for the owner; not part of the address */
};

/* Reads a sockaddr_in or sockaddr_in6 of `length` bytes. Returns false when it is neither or too short. */
bool unsock_ip_read(const void *address, size_t length, struct unsock_ip *ip);

/*
 * Writes `ip` as a socket of `domain` (AF_INET or AF_INET6) shows it: IPv4 in AF_INET6 as a mapped address. IPv6 in
 * AF_INET cannot be shown and becomes 127.0.0.1 with the same port. Returns the sockaddr's length.
 */
socklen_t unsock_ip_write(const struct unsock_ip *ip, int domain, union unsock_sockaddr *address);

bool unsock_ip_is_wildcard(const struct unsock_ip *ip);

/* The address itself; of the wildcard, which nobody has, the loopback address of the same family. */
struct unsock_ip unsock_ip_some(struct unsock_ip ip);

/* Makes it whom a socket that is bound to `own` (NULL: to nothing) asks there: at 0.0.0.0 itself, as
 * ip_route_output_key.
 */
void unsock_ip_ask(struct unsock_ip *ip, const struct unsock_ip *own);

bool unsock_ip_same_address(const struct unsock_ip *a, const struct unsock_ip *b);

/* True if a bind to `a` excludes one to `b` on the same port, as the kernel sees it (inet_rcv_saddr_equal). */
bool unsock_ip_conflict(const struct unsock_ip *a, bool a_v6only, const struct unsock_ip *b, bool b_v6only);

/* Numeric text, without a port: dotted quad, or RFC 4291 form (reading: any; writing: eight full groups). */
bool unsock_ip_parse(struct unsock_span text, struct unsock_ip *ip);
void unsock_ip_print(struct unsock_text *text, const struct unsock_ip *ip);

/* The same with a port: 127.0.0.1:80, [::1]:80. */
void unsock_ip_print_port(struct unsock_text *text, const struct unsock_ip *ip);

/* `bits` leading bits of both addresses are the same (and so is the family). */
bool unsock_ip_in_prefix(const struct unsock_ip *ip, const struct unsock_ip *prefix, unsigned bits);

/*
 * address_text.c: How an address is written in the names of socket files: as text with '-' for each colon, or, where
 * that is too long for a socket's path, as five characters. Pure.
 */

/* Writes an address, '-' for each colon; or, `shortened`, the five characters that stand for it. */
void unsock_address_text_put(struct unsock_text *text, const struct unsock_ip *ip, bool shortened);

/* Writes an address as people do (RFC 5952). */
void unsock_address_text_show(struct unsock_text *text, const struct unsock_ip *ip);

/*
 * Reads one. Of five characters that may stand for other addresses too only the family is told: then `known` is false.
 */
bool unsock_address_text_read(struct unsock_span text, struct unsock_ip *ip, bool *known);

/* SipHash-2-4 (Aumasson and Bernstein): a number that nobody can tell who does not have the key. Pure. */

uint64_t unsock_keyed_hash(const uint64_t key[2], const void *data, size_t size);

#endif
