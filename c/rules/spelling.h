/*
 * How a path is spelled tells how the program sees the socket behind it: its family and bound address, as a number and
 * as slashes and dots in the path. Pure.
 */
#ifndef UNSOCK_SPELLING_H
#define UNSOCK_SPELLING_H

#include "rt/net.h"
#include "rt/text.h"
#include "rules/ip.h"

/* What a socket file's plain name does not say: how the program sees the socket that is bound to it. */
struct unsock_spelling {
    int domain; /* AF_INET or AF_INET6 */
    bool v6only;
    struct unsock_ip ip;     /* the bound address; its port counts for nothing */
    struct unsock_ip target; /* whom a client asks that is on the default address; family 0: not told */
};

/* A spelling as a positive number, 1 for what cannot be told; and back. */
int32_t unsock_spelling_number(const struct unsock_spelling *spelling);
void unsock_spelling_of_number(int32_t number, struct unsock_spelling *spelling);

#define UNSOCK_SPELLING_MAPPED 6 /* the number of an AF_INET6 socket with an IPv4 address */

/*
 * Respells the path of a datagram socket for bind: slashes and "/./" between the directory and the name lead to the
 * same file, but are in the name that the kernel gives to every receiver, and there they tell the spelling. The plain
 * spelling means AF_INET and the default address. A target is told where it is of IPv4, and not the default address.
 * Where there is no room, the path stays as it is. Returns the length.
 */
socklen_t unsock_spelling_write(const struct unsock_spelling *spelling, struct sockaddr_un *path);

/* The way back: cuts the spelling off the front of a name in the directory, and gives the spelling that it tells. */
void unsock_spelling_read(struct unsock_span *name, struct unsock_spelling *spelling);

#endif
