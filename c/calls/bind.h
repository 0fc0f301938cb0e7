/* Binding, and the stand-ins that are bound in another's place. */
#ifndef UNSOCK_CALLS_BIND_H
#define UNSOCK_CALLS_BIND_H

#include "files/bind.h"

/* bind.c: bind, for streams and datagrams. */

/*
 * bind(2) of an IP socket (any kind but UNSOCK_KIND_OTHER) to `ip`, covered or not; `scope`: the interface of a
 * link-local address, or 0. Returns 0 or -errno.
 */
long unsock_bind_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, uint32_t scope);

/*
 * The same of a stream to an address that it had before. With SO_REUSEPORT it waits behind a process that has taken its
 * place meanwhile: haproxy's successor tells the old one to go on before it gives the port up.
 */
long unsock_bind_again(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * standin.c: A socket that is to take the place of a descriptor's, on its way there: made, perhaps bound, and then
 * installed, or undone. All changes of several steps are made with one of these, so that whatever step fails, the same
 * way leads back.
 */

struct unsock_standin {
    int socket;    /* the descriptor itself where it can be used as it is */
    bool in_place; /* so it is */
    bool named;    /* `bind` says by which file it is known */
    long flags;    /* the descriptor's, which it was opened with; negative: it was opened elsewhere */
    struct unsock_bind bind;
};

/*
 * Makes an AF_UNIX socket of the entry's type, unless the descriptor is an unnamed one already that no duplicate
 * shares. Returns 0 or -errno.
 */
long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry);

/* Takes a socket that the caller has made. */
void unsock_standin_take(struct unsock_standin *standin, int socket);

/* Begins a bind of it for the descriptor to `ip`, by the descriptor's options. Returns the bind, for more to be said.
 */
struct unsock_bind *unsock_standin_bind(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                        const struct unsock_ip *ip);

/*
 * The bind ended with `result`, which is returned: what has been bound is given back by
 * undoing.
 */
long unsock_standin_bound(struct unsock_standin *standin, long result);

/*
 * Puts it behind the descriptor, of which `entry` is known; it is then of `kind`, and known by its file, if it has one,
 * in `state`. Undone when that fails. Returns 0 or -errno.
 */
long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_kind kind,
                            enum unsock_state state);

/* Notes after a failed bind that the descriptor's own socket, if it has a name in vain, must be replaced next. */
void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry);

/* Closes the socket, which has no name. Returns `result`. */
long unsock_standin_close(struct unsock_standin *standin, long result);

/* Closes the socket and gives its name back. Returns `result`. */
long unsock_standin_undo(struct unsock_standin *standin, int type, long result);

/*
 * Ends what a bound stream does, and keeps its address: a new socket takes its place, which may listen again
 * (unsock_stream_listen). It has a file, and keeps the port, if the program chose that. Returns 0 or -errno.
 */
long unsock_stream_reserve(int fd, struct unsock_fd *entry);

/* The same where the program chose the port; else the stream is as new, and its port given back. Returns 0 or -errno.
 */
long unsock_stream_end(int fd, struct unsock_fd *entry);

/* The same of a listener, whose clients and whose duplicates in other processes hear of it. Returns 0. */
long unsock_listener_end(int fd, struct unsock_fd *entry);

/* Sockets that a service manager has handed over, on their way to the descriptor that binds the
 * port. */

/* To the port's own file: `standin` tells which descriptor, and the path. Puts it behind `fd`. Returns 0 or -errno. */
long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin);

/*
 * A control file leads `fd`, which binds `ip` (or NULL), to the AF_UNIX `address` of `length` bytes, which is in use.
 * If that socket was handed over, `standin`, which is undone first, takes a duplicate, with the status flags of `fd`.
 * Returns 0; -EADDRINUSE if it was not, or is in the request's way; or another -errno.
 */
long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                   const void *address, socklen_t length, const struct unsock_ip *ip);

#endif
