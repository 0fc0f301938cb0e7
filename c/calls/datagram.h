/* Datagrams. */
#ifndef UNSOCK_CALLS_DATAGRAM_H
#define UNSOCK_CALLS_DATAGRAM_H

#include "memory/fds.h"
#include "unsock.h"

/* UDP calls on covered addresses and redirected descriptors. All return a value or -errno, and leave errno alone. */

/* connect to a covered address. */
long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * True if it is bound to an AF_UNIX path elsewhere, which a control file names: it keeps that name, and gets no other.
 */
bool unsock_datagram_stays(int fd, const struct unsock_fd *entry);

/* sendmsg to a covered address (`ip`), or, with `ip` NULL, on a redirected descriptor to its connected peer. */
long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip);

/*
 * The kernel said `result`, an error, to a write or send of `size` bytes on a known datagram socket of ours, as the
 * program made it. Goes on: to the socket that has the address by now (syslog, statsd: their clients connect once, and
 * the server is started again), and by what is true of a full queue.
 */
long unsock_datagram_written(int fd, const struct msghdr *message, int flags, size_t size, long result);

/* How many bytes a datagram can have; `ip` as above. */
size_t unsock_datagram_most(const struct unsock_fd *entry, const struct unsock_ip *ip);

/* Before a redirected descriptor with a name sends to an address: an unconnected one remembers whom it asked. */
void unsock_datagram_note_target(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/*
 * That has sent `message` by the name that was known of the address, which the message has, and has room for another
 * (a sockaddr_un), and came to `result`; -ENOENT: none was known. Goes on where it was not taken. The message is no
 * longer than it may be, and has no control data.
 */
long unsock_datagram_send_on(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                             const struct unsock_ip *ip, long result);

/* sendmsg to an address that is not covered: the descriptor becomes (or stays) the kernel's UDP socket. */
long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags);

/* recvmsg and recvfrom on a redirected descriptor. `message` is a copy of the program's, what it points to is not. */
long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags);
long unsock_datagram_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length);

/* datagram_name.c: The names of datagram sockets: their own, given for answers, and new ones in the place of those that
 * they have. */

/*
 * Gives a datagram socket without a name a file of its own, so that replies to what it sends to `target` reach it.
 * Returns 0 or -errno.
 */
long unsock_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* The same of an IP socket that the program had bound to an address outside: it keeps its port when it moves. */
long unsock_datagram_move(int fd, struct unsock_fd *entry);

/*
 * For a datagram socket that is bound to the wildcard of both families and to any port, before it first sends to an
 * IPv4 address (`target`): gives it a name by which receivers know it as an IPv4 sender. UDP chooses the source address
 * by the destination's.
 */
void unsock_datagram_show_ipv4(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* True for a local socket with a name for the answers. One that is SPENT has its name in vain. */
static inline bool unsock_datagram_is_named(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_NAMED) && entry->state != UNSOCK_STATE_SPENT;
}

/* datagram_peer.c: Steps that connecting and sending datagrams have in common. All return a value or -errno. */

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

/*
 * Leaves an error on `fd`, a datagram socket that is connected to nobody, as the answer of a host without that port
 * would: the next call tells of it, whatever that is. False where its own file is not to be reached, or no descriptor
 * is left.
 */
bool unsock_datagram_leave_error(int fd);

/* Notes that nobody has the address to which the socket is connected; rewritten programs' reads are looked at then. */
void unsock_datagram_set_nobody(struct unsock_fd *entry);

/* Remembers whom the socket is connected to (UNSOCK_STATE_CONNECTED, _NOBODY) or sent to last (UNSOCK_STATE_SENT). */
void unsock_datagram_set_remote(struct unsock_fd *entry, const struct unsock_ip *ip, enum unsock_state state);

/*
 * If a control file is at the path, connects the descriptor to its target, with 0 or -errno in *result, and returns
 * true. Else *result is -EINVAL for a damaged file, -EACCES for one that may not be read, or 0.
 */
bool unsock_datagram_connect_by_control(int fd, struct unsock_fd *entry, const struct sockaddr_un *path,
                                        const struct unsock_ip *ip, long *result);

/* Before the first datagram leaves: makes the name tell the source address that UDP would choose for this target. */
void unsock_datagram_choose_source(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* datagram_full.c: Sending to a receiver whose queue is full (net.unix.max_dgram_qlen). */

/*
 * Returns the flags to add to a send to a receiver that may not read: MSG_DONTWAIT where a wait in the kernel would be
 * at the cost of others, or where one has been in vain already.
 */
int unsock_datagram_full_flags(const struct unsock_fd *entry);

/*
 * The kernel said -EAGAIN or -EINTR to sending `message`, of `size` bytes in all, with the program's `flags`. Goes on
 * as UDP would: returns what sendmsg returns, or `size` for a datagram that is dropped, or -EAGAIN where poll can tell
 * when to go on.
 */
long unsock_datagram_full(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, size_t size);

#endif
