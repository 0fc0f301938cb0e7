/*
 * IP addresses, and which socket file or name stands for one. Pure: no system call. The only place where byte order
 * changes: outside, ports are in host byte order.
 */
#ifndef UNSOCK_ADDRESS_H
#define UNSOCK_ADDRESS_H

#include "net.h"
#include "rt/text.h"

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

bool unsock_ip_same_address(const struct unsock_ip *a, const struct unsock_ip *b);

/* Numeric text, without a port: dotted quad, or RFC 4291 form (reading: any; writing: eight full groups). */
bool unsock_ip_parse(struct unsock_span text, struct unsock_ip *ip);
void unsock_ip_print(struct unsock_text *text, const struct unsock_ip *ip);

/* The same with a port: 127.0.0.1:80, [::1]:80. */
void unsock_ip_print_port(struct unsock_text *text, const struct unsock_ip *ip);

/* `bits` leading bits of both addresses are the same (and so is the family). */
bool unsock_ip_in_prefix(const struct unsock_ip *ip, const struct unsock_ip *prefix, unsigned bits);

/* Is this address redirected? Port 0 asks for the address alone. */
bool unsock_address_covered(const struct unsock_ip *ip);

/* The same for a bind: a wildcard [::] that is not IPV6_V6ONLY is also the IPv4 wildcard. */
bool unsock_address_covered_bind(const struct unsock_ip *ip, bool v6only);

/* The address that peers without one of their own have for a socket of `domain`. */
struct unsock_ip unsock_address_default(int domain, uint16_t port);

/* Writes the socket file's name of a port: DIR/PORT.sock (SOCK_STREAM) or DIR/PORT.dgram.sock. Returns the length. */
socklen_t unsock_address_path(uint16_t port, int type, struct sockaddr_un *path);

/* The hidden name .PORT.sock.INDEX under which a second socket on the same port waits for the first one to go. */
socklen_t unsock_address_shadow_path(uint16_t port, int type, unsigned index, struct sockaddr_un *path);

/* What a socket file's plain name does not say: how the program sees the socket that is bound to it. */
struct unsock_view {
    int domain; /* AF_INET or AF_INET6 */
    bool v6only;
    struct unsock_ip ip; /* the bound address; its port counts for nothing */
};

/* A view as a positive number, 1 for what cannot be told; and back. */
int32_t unsock_address_view_number(const struct unsock_view *view);
void unsock_address_view_read(int32_t number, struct unsock_view *view);

/*
 * Respells the path of a datagram socket for bind: slashes and "/./" between the directory and the name lead to the
 * same file, but are in the name that the kernel gives to every receiver, and there they tell the view. The plain
 * spelling means AF_INET and the default address. Where there is no room, the path stays as it is. Returns the length.
 */
socklen_t unsock_address_spell(const struct unsock_view *view, struct sockaddr_un *path);

/* The way back: cuts the spelling off the front of a name in the directory, and gives the view that it tells. */
void unsock_address_read_spelling(struct unsock_span *name, struct unsock_view *view);

/* What a kernel name tells. */
struct unsock_name {
    enum { UNSOCK_NAME_NONE, UNSOCK_NAME_FOREIGN, UNSOCK_NAME_FILE, UNSOCK_NAME_STREAM } kind;
    uint16_t port;           /* FILE: the port; type says which kind of file */
    int type;                /* FILE: SOCK_STREAM or SOCK_DGRAM */
    uint8_t shadow;          /* FILE: the hidden name's index; 0: it is the port's own name */
    struct unsock_view view; /* FILE: of the socket that has the name */
    struct unsock_ip source; /* STREAM: the client's address */
    struct unsock_ip target; /* STREAM: the address that the client connected to */
};

/*
 * Reads a sockaddr_un of `length` bytes as the kernel gave it: NONE for an unnamed socket, FILE for a socket file in
 * the directory, STREAM for a client's abstract name, FOREIGN for everything else.
 */
struct unsock_name unsock_address_read_name(const struct sockaddr_un *address, size_t length);

/* STREAM alone: false for any other name, with both addresses undefined. */
bool unsock_address_read_stream_name(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                     struct unsock_ip *target);

/*
 * The abstract name that a connecting stream socket binds: "\0unsock SOURCE TARGET", both ADDRESS:PORT in hexadecimal,
 * as in "7f000001:9c40". The server reads the true peer address from it; it is unique as a TCP connection's four-tuple
 * is. Returns the length.
 */
socklen_t unsock_address_stream_name(const struct unsock_ip *source, const struct unsock_ip *target,
                                     struct sockaddr_un *name);

#endif
