/* Declares how a socket connects: the client's name, the search for the server's file, and failed connects. */
#ifndef UNSOCK_CALLS_CONNECT_H
#define UNSOCK_CALLS_CONNECT_H

#include "memory/fds.h"

/* client_name.c: The abstract name that a connecting stream binds. The server reads the client's address from it. */

/* Binds `socket` to the name for a connection from `source` to `target`. If the source's port is 0, chooses a port for
 * which the name is free. Returns 0 or -errno; -EADDRNOTAVAIL if the name of the given port is taken, or no name is
 * free. */
long unsock_client_name_bind(int socket, struct unsock_ip *source, const struct unsock_ip *target);

/* port_search.c: The search for the file by which a client reaches the server of an address. */

/* A caller's function that connects or sends to the search's path, and returns the kernel's result. */
struct unsock_port_search;
typedef long unsock_port_way(const struct unsock_port_search *search);

struct unsock_port_search {
    const struct unsock_ip *target;
    uint8_t type;             /* SOCK_STREAM or SOCK_DGRAM */
    unsigned spread;          /* selects one of the sockets that share an address; constant for each datagram socket */
    struct sockaddr_un *path; /* gets each name before `way` tries it */
    socklen_t length;         /* of `path` */
    unsock_port_way *way;
    void *attempt; /* the caller's data, for `way` */
};

/* Calls `way` with the name that worked last, then with the names of the target's server in TCP's order: of the
 * address, of its family's wildcard, of the wildcard of both families. If no socket under unsock has the port, tries
 * PORT.sock: a plain server's or datagram client's file, or a control file. Skips a datagram socket that is connected
 * to another peer (EPERM). Returns the last result; -ENOENT if no socket has the address. */
long unsock_port_go(struct unsock_port_search *search);

/* unsock_port_go in two steps, for callers that try the last known file themselves. unsock_port_known_path writes the
 * path by which this process last reached the address, and returns the path's length; 0 if there is none. For a
 * send (`connects` is false) this is, for one reply, the path from which a datagram came. unsock_port_go_on tries the
 * port's other files after the known one failed with `result` (-ENOENT: none was known). */
socklen_t unsock_port_known_path(const struct unsock_ip *target, int type, bool connects, struct sockaddr_un *path);
long unsock_port_go_on(struct unsock_port_search *search, long result);

/* refusal.c: Non-blocking connects that have failed. TCP returns EINPROGRESS first, and reports the failure once, in
 * the first call that can report it (SO_ERROR, the next connect or write). poll reports an ended connection. */

/* Replaces a stream, whose connect to an address of `family` has ended with `failure` (negative), by a socket that
 * reports the failure. Returns -EINPROGRESS; or `failure`, with the descriptor unchanged, if that is not possible. */
long unsock_refusal_tell_later(int fd, struct unsock_fd *entry, int family, long failure);

/* Handles a connect on a socket in state REFUSED: replaces the socket by a new or reserved one (unsock_stream_end).
 * Returns the failure; -ECONNABORTED if a call has reported it before; or the -errno of the replacement. */
long unsock_refusal_tell(int fd, struct unsock_fd *entry);

#endif
