/* Binding socket files: free names, stale ones, ports that this process has already, and control files. */
#ifndef UNSOCK_BINDFILE_H
#define UNSOCK_BINDFILE_H

#include "rt/net.h"
#include "rules/ip.h"
#include "rules/spelling.h"
#include "unsock.h"

enum unsock_bound_how {
    UNSOCK_BOUND_FILE,    /* the socket has the port's file */
    UNSOCK_BOUND_HIDDEN,  /* another socket of this process has it, on another address; this one waits behind it */
    UNSOCK_BOUND_SHARE,   /* SO_REUSEPORT: the descriptor must become a duplicate of `share` */
    UNSOCK_BOUND_CONTROL, /* nothing is bound yet: `control` says where to */
};

struct unsock_bound {
    enum unsock_bound_how how;
    struct unsock_ip ip; /* what was bound: with the port that was chosen for port 0 */
    struct sockaddr_un path;
    uint64_t inode;  /* of the file; 0: unknown */
    uint32_t hidden; /* HIDDEN: index of the hidden name */
    uint32_t moved;  /* index of the hidden name to which the port's former file was moved for now; 0: none */
    int share;
    struct unsock_control_file control;
};

struct unsock_bind_request {
    int socket; /* AF_UNIX, of `type`, without a name */
    int type;
    struct unsock_ip ip; /* port 0: any free one */
    struct unsock_spelling spelling;
    bool reuseport;
    bool reuseaddr;
    bool behind_others; /* where another process has the port, wait behind it */
    bool open_to_all; /* without UNSOCK_MODE: everybody who can reach the directory may send to it */
};

/* Binds. Returns 0 with `bound` filled, or -errno: -EADDRINUSE when somebody has the port, else as bind(2). */
long unsock_bindfile_bind(const struct unsock_bind_request *request, struct unsock_bound *bound);

/* The same to any free port of the ephemeral range, whether the settings cover it or not: a datagram client's own. */
long unsock_bindfile_bind_ephemeral(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * Binds to a port that the caller's own socket has: the file becomes that of the new one, and no datagram in between is lost. The
 * old one is kept under a hidden name until unsock_bindfile_settled, or unsock_bindfile_restore puts it back.
 */
long unsock_bindfile_replace(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * Binds a datagram socket to the port of the caller's own `fd`, and moves the file of that out of the way: the new one
 * gets what comes. Returns 0 or -errno.
 */
long unsock_bindfile_take_over(const struct unsock_bind_request *request, int fd, struct unsock_bound *bound);

/*
 * Undoes a bind (`type` as in the request) that keeps another socket's file for the way back: that one gets its name again.
 * Returns false when there is none: then the file is released as any other.
 */
bool unsock_bindfile_restore(int type, const struct unsock_bound *bound);

/* What a bind did is to stay: a file that was kept for the way back goes. */
void unsock_bindfile_settled(int type, const struct unsock_bound *bound);

#endif
