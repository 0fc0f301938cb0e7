/*
 * socket, bind, connect, listen and accept, as the doors call them: each decides whether a call concerns the
 * library at all, and who does the work. All return a value or -errno and leave errno alone.
 */
#ifndef UNSOCK_DISPATCH_H
#define UNSOCK_DISPATCH_H

#include "rt/net.h"

long unsock_call_socket(int domain, int type, int protocol);
long unsock_call_socketpair(int domain, int type, int protocol, int pair[2]);
long unsock_call_bind(int fd, const void *address, socklen_t length);
long unsock_call_connect(int fd, const void *address, socklen_t length);
long unsock_call_listen(int fd, int backlog);
long unsock_call_accept(int fd, struct sockaddr *address, socklen_t *length);
long unsock_call_accept4(int fd, struct sockaddr *address, socklen_t *length, int flags);

#endif
