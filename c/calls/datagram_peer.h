/* What connecting and sending datagrams have in common. All return a value or -errno. */
#ifndef UNSOCK_DATAGRAM_PEER_H
#define UNSOCK_DATAGRAM_PEER_H

#include "memory/fds.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rules/ip.h"
#include "unsock.h"

/* Makes the descriptor a local socket with a name that replies from `target` can reach. */
long unsock_datagram_be_local(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/*
 * It has been connected to a socket: if that is in another mount namespace, where the directory has another name, what
 * comes from here is recognised there all the same.
 */
void unsock_datagram_tell_peer(int fd, const struct unsock_fd *entry);

/*
 * connect(2) of the kernel's socket to a covered address, by `path`, which is found as well. Returns 0 or -errno;
 * -EPERM where all that have the address are connected to somebody else.
 */
long unsock_datagram_connect_socket(int fd, const struct unsock_fd *entry, const struct unsock_ip *ip,
                                    struct sockaddr_un *path);

/*
 * Of a socket that is connected to nobody: the peer may have come (back) since, and only then does the kernel let its
 * datagrams in. Returns 0 or -errno.
 */
long unsock_datagram_connect_again(int fd, struct unsock_fd *entry);

/* Remembers whom the socket is connected to (UNSOCK_STATE_CONNECTED, _NOBODY) or sent to last (UNSOCK_STATE_SENT). */
void unsock_datagram_set_remote(struct unsock_fd *entry, const struct unsock_ip *ip, enum unsock_state state);

/*
 * Is there a control file at the path? Then connects the descriptor to where it points; *result is 0 or -errno. If not,
 * that is -EINVAL for a damaged one, -EACCES for one that may not be read, else 0.
 */
bool unsock_datagram_connect_by_control(int fd, struct unsock_fd *entry, const struct sockaddr_un *path,
                                        const struct unsock_ip *ip, long *result);

/* Before the first datagram leaves: makes the name tell the source address that UDP would choose for this target. */
void unsock_datagram_choose_source(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

#endif
