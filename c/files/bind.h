/* Binds sockets to ports. One struct has the request and the result of a bind. */
#ifndef UNSOCK_FILES_BIND_H
#define UNSOCK_FILES_BIND_H

#include "memory/fds.h"
#include "rules/environment.h"
#include "rules/port_record.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket is bound to a file */
    UNSOCK_BOUND_HANDED,  /* a service manager has opened the port's socket: the caller duplicates `share` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: the control file at `path` has the target */
};

struct unsock_bind {
    /* The request. */
    int socket;          /* AF_UNIX, of `type`, without a name */
    uint8_t type;        /* SOCK_STREAM or SOCK_DGRAM */
    uint8_t domain;      /* AF_INET or AF_INET6: what the program asked for */
    struct unsock_ip ip; /* port 0: any free port; the bind then stores its choice here */
    bool v6only;
    bool reuseport;
    bool reuseaddr;
    bool open_to_all;        /* all users who can reach the socket's file may send to it, unless UNSOCK_MODE is set */
    struct unsock_ip target; /* the target that a datagram client's name must show; family 0: none */
    bool usual;              /* `target` is the default address of IPv4 */
    const struct unsock_port_entry *in_place_of; /* NULL, or the name of the stream that `socket` replaces */
    /* The result. */
    enum unsock_bound_how how;
    int share;
    socklen_t length;            /* of `path` */
    bool spent;                  /* the bind failed, but the socket has a name now: it cannot be bound again */
    struct unsock_port_entry me; /* the socket's name */
    struct sockaddr_un path;     /* of the socket's own file, the control file, or the handed-over socket */
    /* For bind.c alone. */
    bool named;               /* the socket has its file */
    bool listens;             /* the socket is about to listen */
    struct unsock_port *port; /* the port's names, as last read */
    int unlocked;             /* -errno if the directory could not be locked */
    int probe;                /* the socket that checks whether the port's sockets are live */
};

/* bind.c: Binds a socket to the port that the program chose, or to any free port. */

/* Binds the socket. Returns 0 and sets `how`; or returns an -errno, which the caller translates to TCP's. */
long unsock_bind_port(struct unsock_bind *bind);

/* Binds an unbound datagram socket to the request's port; if that is 0 or fails, to any free ephemeral port. */
long unsock_bind_client(struct unsock_bind *bind);

/* Gives the port to a stream that has only reserved it (since a shutdown or disconnect) and is about to listen. Returns
 * 0 or -errno: -EADDRINUSE if another socket excludes the stream. */
long unsock_port_come_forward(int fd, struct unsock_fd *entry);

/* port.c: The names of this process's own sockets. */

/* Stores in `own` the name of the socket that `entry` describes. If the name of a datagram client shows its target,
 * reads the name from the link PORT.dgram.sock, with one system call. */
void unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own);

/* Tells whether an entry that excludes the new socket stops its bind. Returns OWN, it does not, if the new socket is to
 * replace the entry's, or if the entry's stream only reserves the port and both have SO_REUSEADDR; else ALIVE. */
enum unsock_port_life unsock_port_life_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry);

socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path);

/* ephemeral.c: The system's ephemeral port range (ip(7), ip_local_port_range). */

uint16_t unsock_ephemeral_next(void);

unsigned unsock_ephemeral_count(void);

bool unsock_ephemeral_has(uint16_t port);

/* Returns the `index`-th of all 65,536 ports, counted from a start that differs between processes. */
uint16_t unsock_ephemeral_aside(unsigned index);

/* listen_fds.c: Finds sockets that a service manager has opened for this program and handed over (sd_listen_fds(3)). If
 * the program ignores them and binds the port itself, its bind gets the handed-over socket. */

/* The number of handed-over descriptors, which begin at 3; in most processes 0. */
extern int unsock_listen_fds_count;

/* Reads LISTEN_FDS at the start of the process. Ignores it if LISTEN_PID is not this process. */
void unsock_listen_fds_start(const char *const *environment);

/* True if a service manager may have handed over `fd`: it has this `type` and address `name`; a stream also listens. */
bool unsock_listen_fds_is(int fd, int type, const struct sockaddr_un *name, socklen_t length);

/* Returns the handed-over descriptor whose socket has the address `name`; -ENOENT if there is none; -EADDRINUSE if this
 * process has already bound that socket to an IP address, and this address excludes `bind->ip`. */
long unsock_listen_fds_find(const struct unsock_bind *bind, const struct sockaddr_un *name, socklen_t length);

/* True if `fd` is a duplicate of a handed-over descriptor. Asks the kernel, so `fd` needs no entry. */
bool unsock_listen_fds_is_behind(int fd);

/* Returns the first descriptor from `from` on that the program bound and that shares the socket of `socket`; or -1. */
int unsock_listen_fds_user(int socket, int type, int from);

#endif
