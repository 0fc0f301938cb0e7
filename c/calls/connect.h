/* Connecting: the search for a port, refusals. */
#ifndef UNSOCK_CALLS_CONNECT_H
#define UNSOCK_CALLS_CONNECT_H

#include "memory/fds.h"

/* client_name.c: The abstract name that a connecting stream socket binds, from which the server reads the client's
 * address. */

/*
 * Binds `socket` for a connection from `source` to `target`. A source with port 0 gets a port that no other connection
 * to the target has. Returns 0 or -errno: -EADDRNOTAVAIL when there is none, or the chosen one is taken.
 */
long unsock_client_name_bind(int socket, struct unsock_ip *source, const struct unsock_ip *target);

/* port_search.c: By which file a client reaches the server of an address. */

/* Goes to the path that the caller of the following has given: connects, or sends. Returns what the kernel says. */
typedef long unsock_port_way(void *attempt);

/* Whom somebody looks for, and how he goes there. */
struct unsock_port_search {
    const struct unsock_ip *target;
    uint8_t type;    /* SOCK_STREAM or SOCK_DGRAM */
    bool connects;   /* a datagram socket that is not only to send: it must be right for long */
    unsigned spread; /* of datagrams: of several that share an address it is always the same one for this number */
    struct sockaddr_un *path; /* gets each name before */
    socklen_t *length;
    unsock_port_way *way;
    void *attempt;
};

/*
 * Goes the way to the server of the target, in TCP's order: to the address itself, the family's wildcard, the one of
 * both families. Where no socket of ours has the port, it goes to PORT.sock: a plain server, a client or a control
 * file. A datagram socket that is connected to somebody else (EPERM) is passed over. Returns what the last way said;
 * -ENOENT: nobody has the address.
 */
long unsock_port_go(struct unsock_port_search *search);

/*
 * The same in two steps, for callers that go the first way by themselves. The name by which this process last reached
 * the target: its length; 0: none is known, or it is not for a connect. Then the others, where that led to `result`
 * (-ENOENT: there was none).
 */
socklen_t unsock_port_known_path(const struct unsock_ip *target, int type, bool connects, struct sockaddr_un *path);
long unsock_port_go_on(struct unsock_port_search *search, long result);

/*
 * refusal.c: A non-blocking connect that has failed. TCP says EINPROGRESS first, and tells the failure once, to the
 * first question (SO_ERROR, the next connect or write), with the events of a socket that is over.
 */

/*
 * Puts a socket that has failed with `failure` (negative) in the place of a stream's that connected to an address of
 * `family`. Returns -EINPROGRESS, or `failure` where that cannot be had: then the descriptor is as it was.
 */
long unsock_refusal_tell_later(int fd, struct unsock_fd *entry, int family, long failure);

/* connect on such a socket: tells the failure if nobody has been told, and makes it as new. Returns -errno. */
long unsock_refusal_tell(int fd, struct unsock_fd *entry);

/* bind, which such a socket may do if its port was none of the program's choice. Returns 0 or -errno. */
long unsock_refusal_before_bind(int fd, struct unsock_fd *entry);

#endif
