/* What a bind to a port asks for, and what became of it. */
#ifndef UNSOCK_BOUND_H
#define UNSOCK_BOUND_H

#include "rt/net.h"
#include "rules/ip.h"
#include "rules/spelling.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has the port's file */
    UNSOCK_BOUND_HIDDEN,  /* another socket of this process has it, on another address; this one waits behind it */
    UNSOCK_BOUND_SHARE,   /* SO_REUSEPORT: the descriptor must become a duplicate of `share` */
    UNSOCK_BOUND_HANDED,  /* a service manager has: the descriptor must become a duplicate of `share`, as `path` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: the control file at `path` says where to */
};

struct unsock_bound {
    enum unsock_bound_how how;
    struct unsock_ip ip; /* what was bound: with the port that was chosen for port 0 */
    struct sockaddr_un path;
    uint64_t inode;  /* of the file; 0: unknown */
    uint32_t hidden; /* HIDDEN: index of the hidden name */
    uint32_t moved;  /* index of the hidden name to which the port's former file was moved for now; 0: none */
    int share;
    uint8_t tag; /* of a stream's name (unsock_port_tag) */
    bool spent;  /* failed, but the socket has a name by now: it cannot be bound again */
};

struct unsock_bind_request {
    int socket; /* AF_UNIX, of `type`, without a name */
    int type;
    struct unsock_ip ip; /* port 0: any free one */
    struct unsock_spelling spelling;
    bool reuseport;
    bool reuseaddr;
    bool unnoted;     /* a client's own file: nobody binds beside it */
    bool open_to_all; /* without UNSOCK_MODE: everybody who can reach the directory may send to it */
};

#endif
