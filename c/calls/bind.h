/* Declares bind, and the stand-ins that replace a descriptor's socket. */
#ifndef UNSOCK_CALLS_BIND_H
#define UNSOCK_CALLS_BIND_H

#include "files/bind.h"

/* bind.c: bind of streams and datagram sockets. */

/* Binds an unbound or reserved socket to `ip`, whether `ip` is covered or not. `scope`: the interface of a link-local
 * address, or 0. Returns 0 or -errno. */
long unsock_bind_ip(int fd, struct unsock_fd *entry, const struct unsock_ip *ip, uint32_t scope);

/* standin.c: A stand-in is a socket that is to replace a descriptor's socket: it is opened, perhaps bound, and then
 * installed. If a step fails, the stand-in is undone, and the descriptor keeps its old socket. */

struct unsock_standin {
    int socket;    /* the stand-in's descriptor; `fd` itself if its socket needs no replacement */
    bool in_place; /* `socket` is `fd` itself */
    bool named;    /* `bind` has the file to which the socket is bound */
    long flags;    /* the status flags of `fd`, from unsock_redirect_open_like; negative: not opened by it */
    struct unsock_bind bind;
};

/* Opens an AF_UNIX socket of the entry's type as the stand-in. If the descriptor's own socket is AF_UNIX and has no
 * name, that socket is the stand-in. Returns 0 or -errno. */
long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry);

/* Makes `socket`, which the caller has opened, the stand-in. */
void unsock_standin_take(struct unsock_standin *standin, int socket);

/* Prepares a bind of the stand-in to `ip`, with the options of `fd`. Returns the bind, which the caller may change. */
struct unsock_bind *unsock_standin_bind(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                        const struct unsock_ip *ip);

/* Records a bind's `result`: an undo then frees the name. If the program's socket is of AF_INET6, and the name shows no
 * IPv6 address, marks the socket as AF_INET6's for processes that inherit it. Returns `result`, with TCP's errno. */
long unsock_standin_bound(struct unsock_standin *standin, long result);

/* Puts the stand-in behind `fd`, and sets the kind of `entry` to local. If the stand-in has a file, `entry` gets the
 * file and `state`. On failure undoes the stand-in. Returns 0 or -errno. */
long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_state state);

/* If a failed bind left the descriptor's own socket with a useless name, notes that the socket must be replaced. */
void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry);

/* Closes the stand-in, unless it is the descriptor's own socket. Does not release a name. Returns `result`. */
long unsock_standin_close(struct unsock_standin *standin, long result);

/* Closes the stand-in and releases its name, if it has one. Returns `result`. */
long unsock_standin_undo(struct unsock_standin *standin, int type, long result);

/* reserve.c: Streams that keep their port when they are disconnected or stop listening. */

/* Replaces a bound stream by a new socket, with the stream's address, that may listen or connect again. Keeps a port
 * that the program chose reserved, unless another socket has taken the port, the stream was at a control file's target,
 * or a service manager handed the stream over. Returns 0 or -errno. */
long unsock_stream_reserve(int fd, struct unsock_fd *entry);

/* Reserves a local stream if the program chose its port; else replaces the stream by a new socket without a port. Also
 * ends the connection for the peer. Returns 0 or -errno. */
long unsock_stream_end(int fd, struct unsock_fd *entry);

/* Reserves a listener. Shuts the old socket down: waiting connections end, and other processes no longer listen. */
long unsock_listener_end(int fd, struct unsock_fd *entry);

/* handed.c: Gives a socket from a service manager to the descriptor that binds the socket's port. */

/* Puts a duplicate of the handed-over socket (standin->bind.share, at bind.path) behind `fd`. Returns 0 or -errno. */
long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin);

/* Continues a bind to a control file's target, `address` (`length` bytes), after the kernel has found that address in
 * use. `ip`: the address that the program binds, or NULL. Closes `standin`. If a service manager has handed over the
 * socket at `address`, a duplicate of this socket becomes the stand-in. Returns 0; -EADDRINUSE if there is no such
 * socket, or if that socket excludes this bind; or another -errno. */
long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                   const void *address, socklen_t length, const struct unsock_ip *ip);

#endif
