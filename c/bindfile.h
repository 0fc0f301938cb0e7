/* Socket files: binding them, finding out whether somebody is there, and removing them with their last descriptor. */
#ifndef UNSOCK_BINDFILE_H
#define UNSOCK_BINDFILE_H

#include "control.h"
#include "fds.h"

#define UNSOCK_SHADOWS_MOST 99 /* hidden names of one port: 1 to this (unsock_address_shadow_path) */

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has the port's file */
    UNSOCK_BOUND_SHADOW,  /* another socket of this process has it, on another address; this one waits behind it */
    UNSOCK_BOUND_SHARE,   /* SO_REUSEPORT: the descriptor must become a duplicate of `share` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: `control` says where to */
};

struct unsock_bound {
    enum unsock_bound_how how;
    struct unsock_ip ip; /* what was bound: with the port that was chosen for port 0 */
    struct sockaddr_un path;
    uint64_t inode;  /* of the file; 0: unknown */
    uint32_t shadow; /* SHADOW: index of the hidden name */
    int share;
    struct unsock_control_file control;
};

struct unsock_bind_request {
    int socket; /* AF_UNIX, of `type`, without a name */
    int type;
    struct unsock_ip ip; /* port 0: any free one */
    struct unsock_view view;
    bool reuseport;
    bool reuseaddr;
    bool behind_others; /* where another process has the port, wait behind it */
    bool open_to_all; /* without UNSOCK_MODE: everybody who can reach the directory may send to it */
};

/* Binds. Returns 0 with `bound` filled, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* The same to any free port of the ephemeral range, whether the settings cover it or not: a datagram client's own. */
long unsock_bindfile_bind_ephemeral(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* Binds to a port that the caller's own socket has: the file becomes that of the new one, and no datagram in between is lost. */
long unsock_bindfile_replace(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * Binds a datagram socket to the port of the caller's own `fd`, and moves the file of that out of the way: the new one
 * gets what comes. Returns 0 or -errno.
 */
long unsock_bindfile_take_over(const struct unsock_bind_request *request, int fd, struct unsock_bound *bound);

/*
 * The descriptor that `old` described has been closed: removes its file unless somebody else still has that socket
 * open, or gives the port's file to a socket of this process that waits behind it.
 */
void unsock_bindfile_release(const struct unsock_fd *old);

/*
 * The same at the end of the process, of the socket with this inode number (0: unknown): a thread of this process that is
 * still waiting on it does not keep its file.
 */
void unsock_bindfile_release_last(const struct unsock_fd *old, uint64_t socket);

/* Has this process closed the socket of this file, which had SO_REUSEADDR, so that only others have it? */
bool unsock_bindfile_was_released(const struct sockaddr_un *path);

/* At exit: who had such a socket open then may be done with it. */
void unsock_bindfile_release_late(void);

/* The file of a socket got another name: all descriptors of this process that had it by the old one learn the new one. */
void unsock_bindfile_renamed(const struct unsock_fd *before, bool shadow, uint8_t tag);

/* Is `entry` of a socket with a file on the same port, and of the same type, as `other`? */
static inline bool unsock_bindfile_same_port(const struct unsock_fd *entry, const struct unsock_fd *other) {
    return entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_FILE) && entry->type == other->type &&
           entry->local.port == other->local.port;
}

/* Does a bind to `a` exclude one to `b` on the same port, as the kernel sees it (inet_rcv_saddr_equal)? */
bool unsock_bindfile_conflict(const struct unsock_ip *a, bool a_v6only, const struct unsock_ip *b, bool b_v6only);

/*
 * A stream socket that waits behind the port's file is going to listen: it gets the file, unless one that listens has
 * it. Returns 0, or -EADDRINUSE when that one's address excludes it.
 */
long unsock_bindfile_come_forward(int fd, const struct unsock_fd *entry);

/* Takes the file away from a socket that stays open but will never accept again. */
void unsock_bindfile_remove(const struct unsock_fd *entry);

/* A port of the system's ephemeral range that has not been tried for long. */
uint16_t unsock_ephemeral_next(void);

/* How many ports the ephemeral range has. */
unsigned unsock_ephemeral_count(void);

#endif
