/* Binds to ports. One struct has the request of a bind and its result. */
#ifndef UNSOCK_FILES_BIND_H
#define UNSOCK_FILES_BIND_H

#include "memory/fds.h"
#include "rules/environment.h"
#include "rules/port_record.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has a file of the port's */
    UNSOCK_BOUND_WAITING, /* the socket waits beside another stream of this process, which has the address */
    UNSOCK_BOUND_HANDED,  /* a service manager opened it: the descriptor must become a duplicate of `share` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: the control file at `path` has the target */
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
    bool named;   /* the socket has its file */
    bool waits;   /* beside others of this process that do not listen yet: the first to listen gets the port */
    bool listens; /* is about to listen: the others wait from now on */
    struct unsock_port *port; /* as it was read, with the directory locked */
    int unlocked;             /* -errno if the directory could not be locked */
    int probe;                /* the socket that checks whether others are live */
};

/* bind.c: Binds sockets to a port that the program chose, or to any free one, by one of the port's names. */

/* Binds. Returns 0, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bind_port(struct unsock_bind *bind);

/* Binds a datagram client, which the program did not bind, to the port of the request. If that is 0 or taken, binds to
 * any free port of the ephemeral range, even one that the settings do not cover. */
long unsock_bind_client(struct unsock_bind *bind);

/* Before a waiting or reserved stream listens: gives it the port, unless another socket on the port excludes it. */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

/* port.c: The names of this process's own sockets. */

/* Stores the name of this process's socket in `own`. Reads PORT.dgram.sock, with one system call, if the socket is a
 * datagram client whose name shows its target. */
void unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own);

/* Returns how a bind treats an entry that excludes it. OWN: the new socket replaces that of the entry, or both have
 * SO_REUSEADDR and the entry is a reserved stream. GONE: both have SO_REUSEADDR, and the entry is a stream of this
 * process that does not listen: the new one waits beside it. Else ALIVE. */
enum unsock_port_life unsock_port_life_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry);

/* Writes the path of the socket's name. Returns the length of the address. */
socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/* ephemeral.c: The system's ephemeral port range (ip(7), ip_local_port_range). */

/* Returns the next port of the system's ephemeral range, in turn. */
uint16_t unsock_ephemeral_next(void);

/* Returns the number of ports in the ephemeral range. */
unsigned unsock_ephemeral_count(void);

/* True if the range has this port. */
bool unsock_ephemeral_has(uint16_t port);

/* Returns the `index`-th of all 65,536 ports, in an order that differs from process to process. */
uint16_t unsock_ephemeral_aside(unsigned index);

/* listen_fds.c: Sockets that a service manager has opened for this program and handed over (sd_listen_fds(3)). If the
 * program does not know that protocol and binds the port itself, its bind gets the handed-over socket. */

/* The number of handed-over descriptors, which begin at 3; 0 in nearly every process. */
extern int unsock_listen_fds_count;

/* Reads LISTEN_FDS, once, at start. It is valid only if LISTEN_PID is this process. */
void unsock_listen_fds_start(const struct unsock_environment *environment);

/* True if this is a socket of `type` with the AF_UNIX address `name` of `length` bytes, of a kind that a service
 * manager hands over: a listener or a datagram socket. */
bool unsock_listen_fds_is(int fd, int type, const struct sockaddr_un *name, socklen_t length);

/* Finds the handed-over descriptor whose socket has the address `name`, to which the bind would go. Returns -EADDRINUSE
 * if this process has already bound that socket to an address that excludes the bind's (or to any address, if the bind
 * has none); -ENOENT if there is no such descriptor. */
long unsock_listen_fds_find(const struct unsock_bind *bind, const struct sockaddr_un *name, socklen_t length);

/* True if `fd` is a duplicate of a handed-over descriptor. Asks the kernel, so `fd` needs no entry. */
bool unsock_listen_fds_is_behind(int fd);

/* Returns the lowest descriptor from `from` on with the same socket as `socket`, of this type, that the program has
 * bound or uses as handed over; -1: none. */
int unsock_listen_fds_user(int socket, int type, int from);

#endif
