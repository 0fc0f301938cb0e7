/* Binding behind, or in front of, another datagram socket of this process that has the port. All return 0 or -errno. */
#ifndef UNSOCK_BESIDE_H
#define UNSOCK_BESIDE_H

#include "files/bound.h"
#include "memory/fds.h"
#include "rt/net.h"

/*
 * The mode of the new file, as unsock_socketfile_bind takes it: answers come to a client's own file from servers of any
 * user.
 */
int unsock_beside_mode(const struct unsock_bind_request *request);

/* Spells the path as the request's socket is to be seen: by receivers, and by who inherits it. Returns the length. */
socklen_t unsock_beside_respell(const struct unsock_bind_request *request, struct sockaddr_un *path);

/* Binds to a hidden name, behind the port's file. Called with the directory locked. */
long unsock_beside_bind_hidden(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * Binds to the port's file, which `holder`, another datagram socket of ours, has: that one waits behind it from then
 * on. With SO_REUSEADDR the latest one gets all. Called with the directory locked.
 */
long unsock_beside_take_over(const struct unsock_bind_request *request, struct unsock_fd *holder,
                             struct unsock_bound *bound);

/*
 * Binds a datagram socket to the port of the caller's own `fd`, and moves the file of that out of the way: the new one
 * gets what comes. Returns 0 or -errno.
 */
long unsock_beside_be_alone(const struct unsock_bind_request *request, int fd, struct unsock_bound *bound);

/*
 * Binds to a port that the caller's own socket has: the file becomes that of the new one, and no datagram in between is
 * lost. The old one is kept under a hidden name until unsock_beside_settled, or unsock_beside_restore puts it back.
 */
long unsock_beside_replace(const struct unsock_bind_request *request, struct unsock_bound *bound);

/*
 * Undoes a bind that keeps another socket's file for the way back: that one gets its name
 * again. Returns false when there is none: then the file is released as any other.
 */
bool unsock_beside_restore(const struct unsock_bound *bound);

/* What a bind did is to stay: a file that was kept for the way back goes. */
void unsock_beside_settled(const struct unsock_bound *bound);

#endif
