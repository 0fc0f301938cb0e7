/* What a bind to a port asks for, and what became of it. */
#ifndef UNSOCK_BIND_REQUEST_H
#define UNSOCK_BIND_REQUEST_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has a file of the port's */
    UNSOCK_BOUND_WAITING, /* it waits for another stream of this process, which has its address */
    UNSOCK_BOUND_HANDED,  /* a service manager has it: the descriptor must become a duplicate of `share`, as `path` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: the control file at `path` says where to */
};

struct unsock_bound {
    enum unsock_bound_how how;
    struct unsock_ip ip; /* what was bound: with the port that was chosen for port 0 */
    struct sockaddr_un path;
    int share;
    uint8_t tag; /* of the name (unsock_port_tag and its like) */
    bool spent;  /* failed, but the socket has a name by now: it cannot be bound again */
};

struct unsock_bind_request {
    int socket; /* AF_UNIX, of `type`, without a name */
    int type;
    int domain;          /* AF_INET or AF_INET6: what the program asked for */
    struct unsock_ip ip; /* port 0: any free one */
    bool v6only;
    bool reuseport;
    bool reuseaddr;
    bool open_to_all;                    /* without UNSOCK_MODE: everybody who can reach the directory may send to it */
    struct unsock_ip target;             /* family 0: none. Whom a datagram client asks, which its name shall tell */
    const struct unsock_fd *in_place_of; /* NULL, or the socket on the same port whose place it takes */
};

#endif
