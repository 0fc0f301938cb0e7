/* A bind to a port: one struct passes from the call to the file, with the request and the result. */
#ifndef UNSOCK_FILES_BIND_H
#define UNSOCK_FILES_BIND_H

#include "memory/fds.h"
#include "rules/environment.h"
#include "rules/port_record.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has a file of the port's */
    UNSOCK_BOUND_WAITING, /* it waits for another stream of this process, which has its address */
    UNSOCK_BOUND_HANDED,  /* a service manager has it: the descriptor must become a duplicate of `share` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: the control file at `path` says where to */
};

struct unsock_bind {
    /* The request. */
    int socket;          /* AF_UNIX, of `type`, without a name */
    uint8_t type;        /* SOCK_STREAM or SOCK_DGRAM */
    uint8_t domain;      /* AF_INET or AF_INET6: what the program asked for */
    struct unsock_ip ip; /* port 0: any free one; then the one that was chosen */
    bool v6only;
    bool reuseport;
    bool reuseaddr;
    bool open_to_all;        /* without UNSOCK_MODE: everybody who can reach the directory may send to it */
    struct unsock_ip target; /* the address that a datagram client asks, which its name shows; family 0: none */
    bool usual;              /* `target` is the default address of IPv4 */
    const struct unsock_port_entry *in_place_of; /* NULL, or the name of the stream that this reserved one replaces */
    /* The result. */
    enum unsock_bound_how how;
    int share;
    socklen_t length;            /* of `path` */
    bool spent;                  /* failed, but the socket now has a name: it cannot be bound again */
    struct unsock_port_entry me; /* its name */
    struct sockaddr_un path;     /* of the socket's own file; CONTROL, HANDED: of the one that was found */
    /* Meanwhile (bind.c). */
    bool named;               /* the socket has its file */
    bool waits;               /* beside others of this process that do not listen yet: the first to listen gets it */
    bool listens;             /* is about to listen: the others wait from now on */
    struct unsock_port *port; /* as it was read, with the directory locked */
    int unlocked;             /* -errno if the directory could not be locked */
    int probe;                /* asks whether sockets are live */
};

/* bind.c: Binds sockets to a port of the program's choice or to any free one, and to one of the port's names. */

/* Binds. Returns 0, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bind_port(struct unsock_bind *bind);

/* Binds a datagram client, which the program did not bind, to the port of the request. If that is 0 or taken, binds to
 * any free port of the ephemeral range, even one that the settings do not cover. */
long unsock_bind_client(struct unsock_bind *bind);

/* Before a waiting or reserved stream listens: gets the port for it, unless a socket that excludes it has the port.
 * Returns 0 or -errno. */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

/* port.c: By which of a port's names a socket of this process is known. */

/* Gives the name of a socket of this process. Reads PORT.dgram.sock for a datagram client whose name shows its server:
 * one system call. */
void unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own);

/* Returns how a bind treats an entry that excludes it. OWN: the new socket replaces the entry's, or both have
 * SO_REUSEADDR and the entry is a reserved stream. GONE: the entry is a stream of this process with SO_REUSEADDR that
 * does not listen, and the new one waits beside it. Else ALIVE. */
enum unsock_port_life unsock_port_life_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry);

/* Writes the path of the entry's name. Returns the address's length. */
socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/* ephemeral.c: The system's ephemeral port range (ip(7), ip_local_port_range). */

/* Returns the port of the system's ephemeral range that was tried longest ago. */
uint16_t unsock_ephemeral_next(void);

/* How many ports the ephemeral range has. */
unsigned unsock_ephemeral_count(void);

/* True if the range has this port. */
bool unsock_ephemeral_has(uint16_t port);

/* Returns the `index`-th of all 65,536 ports, in an order that differs from process to process. */
uint16_t unsock_ephemeral_aside(unsigned index);

/* listen_fds.c: Sockets that a service manager has opened for this program and handed over (sd_listen_fds(3)). A
 * program without that protocol binds the port itself, and gets the handed-over socket. */

/* How many descriptors were handed over, from 3 on; 0 in nearly every process. */
extern int unsock_listen_fds_count;

/* Reads LISTEN_FDS, once, at start: it counts if LISTEN_PID is this process. */
void unsock_listen_fds_start(const struct unsock_environment *environment);

/* True if this is a socket of `type` with the AF_UNIX address `name` of `length` bytes, of a kind that a service
 * manager hands over: a listener or a datagram socket. */
bool unsock_listen_fds_is(int fd, int type, const struct sockaddr_un *name, socklen_t length);

/* Finds the descriptor by which the live socket with the address `name`, the bind's destination, was handed over.
 * Returns -EADDRINUSE if this process has bound that socket already, to an address that excludes the bind's (any
 * address, if the bind has none); -ENOENT if there is no such descriptor. */
long unsock_listen_fds_find(const struct unsock_bind *bind, const struct sockaddr_un *name, socklen_t length);

/* True if `fd` is a duplicate of a handed-over descriptor, even one of which this process has no entry. */
bool unsock_listen_fds_is_behind(int fd);

/* Returns the first descriptor with the same socket as `socket`, of `type`, from `from` on, that the program has bound
 * or uses as handed over; -1: none. */
int unsock_listen_fds_user(int socket, int type, int from);

#endif
