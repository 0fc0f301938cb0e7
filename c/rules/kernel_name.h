/* What the names of kernel sockets say, and the name that a client gets. Pure. */
#ifndef UNSOCK_KERNEL_NAME_H
#define UNSOCK_KERNEL_NAME_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"
#include "rules/port_name.h"

/* What a kernel name tells. */
struct unsock_name {
    enum { UNSOCK_NAME_NONE, UNSOCK_NAME_FOREIGN, UNSOCK_NAME_FILE, UNSOCK_NAME_STREAM } kind;
    uint16_t port;                  /* FILE: the port; type says which kind of file */
    int type;                       /* FILE: SOCK_STREAM or SOCK_DGRAM */
    bool own;                       /* FILE: it tells the address; else it is PORT.sock or PORT.dgram.sock */
    bool address_known;             /* own: the name tells all of `address`; else its family alone */
    bool v6only;                    /* own: of [::], for IPv6 alone */
    struct unsock_ip address;       /* own: by which the socket was bound */
    struct unsock_port_entry entry; /* own: what the name says */
    struct unsock_ip source;        /* STREAM: the client's address */
    struct unsock_ip target;        /* STREAM: the address that the client connected to; FILE: whom a datagram client
                                       asked, family 0 where that is not told */
};

/*
 * Reads a sockaddr_un of `length` bytes as the kernel gave it: NONE for an unnamed socket, FILE for a socket file in
 * the directory, STREAM for a client's abstract name, FOREIGN for everything else.
 */
struct unsock_name unsock_kernel_name_read(const struct sockaddr_un *address, size_t length);

/* A file's name in the directory (rules/port_name.h): PORT.sock, PORT.dgram.sock, or one that tells an address. False
 * for any other. */
bool unsock_kernel_name_read_file(struct unsock_span name, struct unsock_name *result);

/*
 * Reads a path through whatever directory as if that were ours: only its end counts. `file` gets the name of the file.
 * False for what is none of ours in any directory.
 */
bool unsock_kernel_name_read_anywhere(const struct sockaddr_un *address, size_t length, struct unsock_name *result,
                                      struct unsock_span *file);

/* STREAM alone: false for any other name, with both addresses undefined. */
bool unsock_kernel_name_read_stream(const struct sockaddr_un *address, size_t length, struct unsock_ip *source,
                                    struct unsock_ip *target);

/*
 * The abstract name that a connecting stream socket binds: "\0unsock SOURCE TARGET", both ADDRESS:PORT in hexadecimal,
 * as in "7f000001:9c40", and then `directory`. The server reads the true peer address from it; in one directory it is
 * unique as a TCP connection's four-tuple is. Returns the length.
 */
socklen_t unsock_kernel_name_stream(const struct unsock_ip *source, const struct unsock_ip *target, uint64_t directory,
                                    struct sockaddr_un *name);

/* The same name with a hash of it under `key` in the place of the directory. */
socklen_t unsock_kernel_name_keyed(const struct unsock_ip *source, const struct unsock_ip *target,
                                   const uint64_t key[2], struct sockaddr_un *name);

#endif
