/* A bind to a port: what is asked for, and the file that it makes. */
#ifndef UNSOCK_FILES_BIND_H
#define UNSOCK_FILES_BIND_H

#include "memory/fds.h"

/* What a bind to a port asks for, and what became of it. */

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
    const struct unsock_fd *in_place_of; /* NULL, or the socket on the same port whose place it takes: a stream's new
                                            one is reserved */
};

/* ephemeral.c: The system's ephemeral port range (ip(7), ip_local_port_range). */

/* A port of the system's ephemeral range that has not been tried for long. */
uint16_t unsock_ephemeral_next(void);

/* How many ports the ephemeral range has. */
unsigned unsock_ephemeral_count(void);

/* Does the range have this port? */
bool unsock_ephemeral_has(uint16_t port);

/* Ports in an order that is another one in each process: the `index`-th of all 65536. */
uint16_t unsock_ephemeral_aside(unsigned index);

/* bindfile.c: Binding socket files: ports of the program's choice, and any free one. */

/* Binds. Returns 0 with `bound` filled, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * The same for a datagram client, which the program did not bind: to the request's port, or where that is 0 or taken,
 * to any free port of the ephemeral range, whether the settings cover it or not.
 */
long unsock_bindfile_bind_client(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* port_bind.c: Binding sockets to a port's names, and what a socket that waits does when it listens. */

/* How much a port is worth: the program's own choice is tried before it is looked at. */
enum unsock_port_wish { UNSOCK_PORT_THIS, UNSOCK_PORT_ANY, UNSOCK_PORT_IF_FREE };

/*
 * Binds to the request's port, which is not 0. Returns 0 with `bound` filled, or -errno; `bound->spent` says that the
 * socket has a name that is no file's, and cannot be bound once more.
 */
long unsock_port_bind(const struct unsock_bind_request *request, struct unsock_bound *bound,
                      enum unsock_port_wish wish);

/*
 * A socket that waits for another one of this process is going to listen: it gets the port, unless one that excludes it
 * listens. Returns 0 or -errno.
 */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

/* port_own.c: By which of a port's names a socket of this process is known, or is to be. */

static inline struct unsock_port_key unsock_port_key_of(const struct unsock_fd *entry) {
    return (struct unsock_port_key){entry->local.port, entry->type};
}

/* Its name. False: it is PORT.sock itself. A datagram client that asks is who has the port: that takes a system call.
 */
bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own);

/* The path of that. Returns the length. */
socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/* The name that a bind asks for. */
struct unsock_port_entry unsock_port_wanted(const struct unsock_bind_request *request);

#endif
