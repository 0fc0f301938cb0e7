/* IP addresses: in a sockaddr, as text, and in the names of socket files. */
#ifndef UNSOCK_RULES_IP_H
#define UNSOCK_RULES_IP_H

#include "rt/base.h"
#include "rt/text.h"

#include <stddef.h>
#include <stdint.h>

/* ip.c: Converts IP addresses from and to a sockaddr and text. Pure. */

/* An IP address and port. An IPv4-mapped IPv6 address is always stored as the IPv4 address. */
struct unsock_ip {
    union {
        uint8_t bytes[16]; /* network byte order; an IPv4 address uses the first 4, and the others are 0 */
        uint32_t words[4]; /* the same, to compare addresses */
    };
    uint16_t port;  /* host byte order */
    uint8_t family; /* AF_INET, AF_INET6, or 0: none */
    uint8_t tag;    /* free for the struct's owner; not part of the address */
};

/* Reads a sockaddr_in or sockaddr_in6 of `length` bytes. False if it is neither, or too short. */
bool unsock_ip_read(const void *address, size_t length, struct unsock_ip *ip);

/* Writes `ip` as a socket of `domain` (AF_INET or AF_INET6) shows it: an IPv4 address in AF_INET6 as a mapped one. An
 * IPv6 address in AF_INET cannot be shown, and becomes 127.0.0.1 with the same port. Returns the sockaddr's length. */
socklen_t unsock_ip_write(const struct unsock_ip *ip, int domain, union unsock_sockaddr *address);

bool unsock_ip_is_wildcard(const struct unsock_ip *ip);

/* Returns the address; for a wildcard, which no peer has, the loopback address of its family. */
struct unsock_ip unsock_ip_some(struct unsock_ip ip);

/* If `ip` is a wildcard, replaces it by the address to which the kernel would connect. `own` is the socket's bound
 * address, or NULL. If both are IPv4, takes `own`, or 127.0.0.1 if `own` is a wildcard (ip_route_output_key). Else
 * takes a loopback address: IPv4's if `own` is IPv4 (udpv6_sendmsg), or that of the wildcard's family. */
void unsock_ip_ask(struct unsock_ip *ip, const struct unsock_ip *own);

bool unsock_ip_same_address(const struct unsock_ip *a, const struct unsock_ip *b);

/* True if a bind to `a` excludes one to `b` on the same port, as in the kernel (inet_rcv_saddr_equal). */
bool unsock_ip_conflict(const struct unsock_ip *a, bool a_v6only, const struct unsock_ip *b, bool b_v6only);

/* Reads an address without a port: a dotted quad, or any form of RFC 4291. */
bool unsock_ip_parse(struct unsock_span text, struct unsock_ip *ip);

/* Writes a number of at most five digits, without a NUL. Returns the end. */
static inline char *unsock_decimal_put(char *at, unsigned number) {
    unsigned count = 1;
    if (number > 9)
        count += 1 + (number > 99) + (number > 999) + (number > 9999);
    for (unsigned i = count - 1; i > 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
    *at = (char)('0' + number);
    return at + count;
}

#define UNSOCK_IP_SHOWN_MOST 39 /* xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx:xxxx */

/* unsock_ip_show writes an address as in RFC 5952, without a NUL and with `colon` for each colon, and returns the end.
 * unsock_ip_read_shown reads such text, and returns false for every other spelling. */
char *unsock_ip_show(char *at, const struct unsock_ip *ip, char colon);
bool unsock_ip_read_shown(struct unsock_span text, struct unsock_ip *ip, char colon);

/* Returns the address as a string, which is valid in the calling block. */
#define UNSOCK_IP_TEXT(ip) unsock_ip_text((char[UNSOCK_IP_SHOWN_MOST + 1]){0}, ip)
static inline const char *unsock_ip_text(char *buffer, const struct unsock_ip *ip) {
    *unsock_ip_show(buffer, ip, ':') = '\0';
    return buffer;
}

/* Writes address and port: 127.0.0.1:80, [::1]:80. */
void unsock_ip_print_port(struct unsock_text *text, const struct unsock_ip *ip);

bool unsock_ip_in_prefix(const struct unsock_ip *ip, const struct unsock_ip *prefix, unsigned bits);

/* Returns 30 bits that five characters can show, for a file's name that would be too long for a socket's path: all of
 * 127.x.y.z or of a wildcard, or a hash of any other address. */
uint32_t unsock_short_address(const struct unsock_ip *ip);

/* Stores the address that the bits stand for. False if they are a hash: *ip then gets the family and the bits. */
bool unsock_short_address_ip(uint32_t bits, struct unsock_ip *ip);

/* Writes the five characters without a NUL. Returns the end. */
char *unsock_short_address_put(char *at, uint32_t bits);
bool unsock_short_address_read(struct unsock_span text, uint32_t *bits);

/* SipHash-2-4 (Aumasson and Bernstein): a hash that nobody can compute without the key. */
uint64_t unsock_keyed_hash(const uint64_t key[2], const void *data, size_t size);

#endif
