/* Replacing the socket behind a descriptor, so that the program does not notice. */
#ifndef UNSOCK_REDIRECT_H
#define UNSOCK_REDIRECT_H

#include "memory/fds.h"

/* A new socket to take a descriptor's place; close-on-exec and non-blocking until then. Returns it or -errno. */
long unsock_redirect_open(int domain, int type, int protocol);

/* The same of an AF_UNIX socket that blocks as `fd` does, whose status flags *flags tells: for ..._install_like. */
long unsock_redirect_open_like(int fd, int type, long *flags);

/* A program has said who gets a descriptor's signals (fcntl(2), F_SETOWN). */
void unsock_redirect_expect_owner(void);

/*
 * Puts `standin` in the place of `fd` (and of its duplicates): same number, status flags, owner, close-on-exec, epoll
 * registrations and options. The standin's own descriptor is closed, also on failure; `entry` then has the new kind,
 * and none of the flags that described the old socket's name and connection. On failure `fd` is as it was.
 * Returns 0 or -errno.
 */
long unsock_redirect_install(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind);

/* `flags`: what unsock_redirect_open_like told; negative: it was opened otherwise. */
long unsock_redirect_install_like(int fd, struct unsock_fd *entry, int standin, enum unsock_kind kind, long flags);

/*
 * Makes a redirected descriptor the kernel's TCP or UDP socket (again): unconnected, bound to the address that the
 * program bound. One that is that already stays as it is. Returns 0 or -errno, with the descriptor as it was.
 */
long unsock_redirect_to_ip(int fd, struct unsock_fd *entry);

/*
 * The same, with what was bound given back, as after connect(AF_UNSPEC); an address that was bound with port 0 stays,
 * without a port.
 */
long unsock_redirect_to_new(int fd, struct unsock_fd *entry);

#endif
