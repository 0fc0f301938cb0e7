/* Declares bind, and the stand-ins that replace a descriptor's socket. */
#ifndef UNSOCK_CALLS_BIND_H
#define UNSOCK_CALLS_BIND_H

#include "files/bind.h"

/* bind.c: bind of streams and datagram sockets. */

/* Binds an IP socket (of any kind but UNSOCK_KIND_OTHER), new or reserved, to `ip`, covered or not. `scope`: the
 * interface of a link-local address, or 0. Returns 0 or -errno. */
long unsock_bind_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, uint32_t scope);

/* standin.c: A stand-in is a socket that is to replace a descriptor's: it is opened, perhaps bound, and then installed.
 * Changes of several steps are made with a stand-in: if a step fails, the stand-in alone is undone. */

struct unsock_standin {
    int socket;    /* the stand-in; the descriptor itself if that needs no replacement */
    bool in_place; /* `socket` is the descriptor itself */
    bool named;    /* `bind` has the file to which the socket is bound */
    long flags;    /* of the descriptor, with which the socket was opened; negative: it was opened otherwise */
    struct unsock_bind bind;
};

/* Opens an AF_UNIX socket of the entry's type as the stand-in. If the descriptor has an AF_UNIX socket without a name,
 * that is the stand-in itself. Returns 0 or -errno. */
long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry);

/* Takes a socket that the caller has opened as the stand-in. */
void unsock_standin_take(struct unsock_standin *standin, int socket);

/* Prepares a bind of the stand-in to `ip`, by the descriptor's options. Returns the bind, which the caller completes.
 */
struct unsock_bind *unsock_standin_bind(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                        const struct unsock_ip *ip);

/* Records the bind's `result`, so that an undo releases the name, and marks an IPv6 socket whose name has an IPv4
 * address. Returns TCP's result. */
long unsock_standin_bound(struct unsock_standin *standin, long result);

/* Puts the stand-in behind `fd`, and sets the kind of `entry`. A stand-in with a file also gives the entry its file and
 * `state`. Undoes the stand-in if that fails. Returns 0 or -errno. */
long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_kind kind,
                            enum unsock_state state);

/* Notes after a failed bind that the descriptor's own socket has a name of no use, and must be replaced next. */
void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry);

/* Closes the stand-in, which has no name. Returns `result`. */
long unsock_standin_close(struct unsock_standin *standin, long result);

/* Closes the stand-in and gives its name back. Returns `result`. */
long unsock_standin_undo(struct unsock_standin *standin, int type, long result);

/* reserve.c: A stream that is no longer connected, or does not listen any more, and keeps its port. */

/* Replaces a bound stream by a new socket with its address, which may listen or connect again. If the program chose the
 * port, the new socket has a file, and keeps the port. Returns 0 or -errno. */
long unsock_stream_reserve(int fd, struct unsock_fd *entry);

/* Reserves a stream if the program chose its port; else makes it new, and gives the port back. Returns 0 or -errno. */
long unsock_stream_end(int fd, struct unsock_fd *entry);

/* Reserves a listener, and shuts the old socket down for its clients and for other processes' duplicates. Returns 0. */
long unsock_listener_end(int fd, struct unsock_fd *entry);

/* handed.c: Sockets from a service manager, on their way to the descriptor that binds their port. */

/* Puts a duplicate of the socket that `standin` names, with its path, behind `fd`. Returns 0 or -errno. */
long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin);

/* Handles a bind of `fd` to `ip` (or NULL) whose control file names the AF_UNIX `address` of `length` bytes, which is
 * in use. If a service manager has handed that socket over, undoes `standin`, and makes a duplicate the stand-in, with
 * the status flags of `fd`. Returns 0; -EADDRINUSE if it was not handed over, or conflicts with the bind; or another
 * -errno. */
long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                   const void *address, socklen_t length, const struct unsock_ip *ip);

#endif
