/* Sockets that control files name: AF_VSOCK, AF_TIPC, AF_UNIX, AF_INET, AF_INET6, and Firecracker's multiplexer. */
#ifndef UNSOCK_TARGET_H
#define UNSOCK_TARGET_H

#include "memory/fds.h"
#include "rt/net.h"
#include "rules/ip.h"
#include "unsock.h"

/* Not an errno: the caller must go to the real network. */
#define UNSOCK_TARGET_FALLBACK (-4096)

/*
 * Connects the descriptor to where the control file at `path` points; `asked` is the address the program asked for, or
 * NULL when it was a path. Returns 0 or -errno (also -EINPROGRESS on a non-blocking descriptor). *answers becomes what
 * unsock_resolve says of the path: unless that is UNSOCK_ANSWERS_CONTROL, nothing has been done.
 */
long unsock_target_connect(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *asked,
                           long *answers);

/*
 * The same where a control file stood at the port's path at the last time: there is no socket to be asked first, then.
 * False: none did, or none does any more, and nothing has been done.
 */
bool unsock_target_connect_known(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *asked,
                                 long *result);

/* Binds it there. `bound` is the address that the program asked for, or NULL; `answers` as above. */
long unsock_target_bind(int fd, struct unsock_fd *entry, const char *path, const struct unsock_ip *bound,
                        long *answers);

/*
 * A program connects to or binds an AF_UNIX path (`length` bytes) and the kernel found no socket there: when there is
 * a control file, goes on with it. Returns 0, -errno, or `result` unchanged when there is none.
 */
long unsock_target_connect_path(int fd, const void *address, socklen_t length, long result);
long unsock_target_bind_path(int fd, const void *address, socklen_t length, long result);

#endif
