/* Small questions to the kernel about one socket. */
#ifndef UNSOCK_SOCKET_INFO_H
#define UNSOCK_SOCKET_INFO_H

#include "rt/net.h"

/* One integer socket option of SOL_SOCKET, or -errno. */
long unsock_socket_option(int fd, int name);

/* Is it the kernel's IPv4 or IPv6? */
bool unsock_socket_is_ip(int fd);

/*
 * `result` is what the kernel said to a question that each socket can be asked (getsockname, SO_DOMAIN, SO_TYPE,
 * SO_PROTOCOL). Returns 0 when that is an answer, "no socket" too; else the -errno that a call fails with which needs
 * one: a filter of somebody's forbids the question (-EACCES), or there was no memory to answer it.
 */
long unsock_socket_unanswered(long result);

/*
 * Does a filter of somebody's forbid connecting, or sending? Of datagrams EPERM has a meaning of its own: the peer is
 * connected to another. One system call, or two.
 */
bool unsock_socket_may_not_connect(void);
bool unsock_socket_may_not_send(void);

/*
 * Lets peers hear EPERM who pass descriptors along to this AF_UNIX socket, or to one that is accepted from it, where
 * the kernel can (SO_PASSRIGHTS; Linux 6.16): what is refused need not be closed.
 */
void unsock_socket_refuse_descriptors(int fd);

/*
 * A number that only this socket has, for as long as the system runs (SO_COOKIE; socket(7)): has a descriptor still the
 * socket that it had before? 0 when it is no socket.
 */
uint64_t unsock_socket_cookie(int fd);

/* Is a cookie of 0 none that the system does not know (qemu's user emulation does not), but one that may not be asked
 * for? */
bool unsock_socket_cookie_is_kept_back(int fd, uint64_t cookie);

/* The socket's inode number, as /proc/PID/fd shows it; 0 when it cannot be told. */
uint64_t unsock_socket_inode(int fd);

/* Is this descriptor non-blocking (1), blocking (0), or not open, or may that not be asked (-errno)? */
long unsock_socket_nonblocking(int fd);

/* poll(2) without waiting. Returns the events that there are; POLLERR when it cannot be asked. */
int unsock_socket_poll(int fd, short events);

/* Would a write, or asking for SO_ERROR after a connect, not wait? */
bool unsock_socket_writable(int fd);

/* A port that stands for an unnamed peer, the same in every process: from the socket's inode number. */
uint16_t unsock_socket_invented_port(int fd);

/* How many sockets are connected to this datagram socket; -1 when that cannot be found out. */
int unsock_socket_peers(int fd);

/* The kernel's getsockname or getpeername (`number`), into `name`. Returns its length or -errno. */
long unsock_socket_name(int fd, long number, union unsock_sockaddr *name);

#endif
