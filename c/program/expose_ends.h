/* The two ends of what `expose` joins: in the directory, and in the real network. */
#ifndef UNSOCK_EXPOSE_ENDS_H
#define UNSOCK_EXPOSE_ENDS_H

#include "rules/ip.h"
#include "unsock.h"

/* A listening TCP or bound UDP socket; `address` becomes what it is bound to. Returns -errno where it cannot be. */
long unsock_expose_listen_real(int type, struct unsock_ip *address);

/* A listening socket where the control file at `path` leads. Returns -errno where it cannot be. */
long unsock_expose_listen_control(const char *path);

/* A TCP or UDP socket, connected or about to be. Returns -errno where it cannot be. */
long unsock_expose_connect_real(int type, const struct unsock_ip *address);

/* The address of a file in the directory. False: the path is too long. */
bool unsock_expose_name_inside(const char *path, struct sockaddr_un *name);

/* The control file at `path`. Returns -errno where it does not lead to another Unix socket. */
long unsock_expose_read_control(const char *path, struct unsock_control_file *control);

/*
 * A listening socket, or one for datagrams, with the port's file, in the place of one that is left over. Returns -errno
 * where it cannot be.
 */
long unsock_expose_listen_inside(const char *path);
long unsock_expose_bind_inside(const char *path);

/*
 * A socket that is connected to who has the port's file, or to where a control file leads. A server of unsock's sees
 * `client`, and that it asked for `asked`. Returns -errno: -EAGAIN, its queue is full.
 */
long unsock_expose_connect_inside(const char *path, const struct unsock_ip *client, const struct unsock_ip *asked);

/* The same for the port of `asked` in another directory than the one in force. */
long unsock_expose_connect_elsewhere(const char *directory, const struct unsock_ip *client,
                                     const struct unsock_ip *asked);

#endif
