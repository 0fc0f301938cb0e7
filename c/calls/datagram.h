/* Declares the calls on datagram sockets. */
#ifndef UNSOCK_CALLS_DATAGRAM_H
#define UNSOCK_CALLS_DATAGRAM_H

#include "memory/fds.h"
#include "unsock.h"

/* datagram_*.c: UDP's calls on covered addresses and redirected descriptors. A returned long is a value or -errno. */

long unsock_datagram_connect(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/* True if a control file bound the socket to an AF_UNIX address, which the socket keeps when it connects or sends. */
bool unsock_datagram_stays(int fd, const struct unsock_fd *entry);

/* Sends a message to `ip` (covered, or a local client's), or if `ip` is NULL to the connected peer. */
long unsock_datagram_send(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags,
                          const struct unsock_ip *ip);

/* Continues after the program's own write or send on a redirected datagram socket failed with `result`: connects to a
 * server that has restarted (clients of syslog and statsd connect once), or handles the peer's full queue. */
long unsock_datagram_written(int fd, const struct msghdr *message, int flags, long result);

/* The largest datagram over IPv4: 65,535 bytes less the IPv4 and UDP headers. Over IPv6 the limit is higher. */
#define UNSOCK_DATAGRAM_LEAST_MOST 65507
#define UNSOCK_DATAGRAM_MOST6 65527

/* Returns the size of the largest datagram to `ip`, or if `ip` is NULL to the connected peer. */
static inline size_t unsock_datagram_most(const struct unsock_fd *entry, const struct unsock_ip *ip) {
    uint16_t family = ip ? ip->family : unsock_fd_remote(entry)->family;
    return entry->domain == AF_INET6 && family != AF_INET ? UNSOCK_DATAGRAM_MOST6 : UNSOCK_DATAGRAM_LEAST_MOST;
}

/* Prepares a send to `ip` from a socket that has a name. If the socket's peer was absent, connects again. Chooses the
 * source address. For an unconnected socket, notes `ip` and whether the socket has several receivers. */
void unsock_datagram_note_target(int fd, struct unsock_fd *entry, const struct unsock_ip *ip);

/* Continues a send to `ip` (NULL: to the connected peer) after the first try failed with `result` (-ENOENT: no name was
 * known). `message` has no control data and a valid size. Unless `ip` is NULL, the message's msg_name points to a
 * sockaddr_un with the name tried, which this function overwrites. */
long unsock_datagram_send_on(int fd, struct unsock_fd *entry, struct msghdr *message, int flags,
                             const struct unsock_ip *ip, long result);

/* Sends a message to an address that is not covered. First puts a UDP socket of the kernel's behind the descriptor,
 * unless it has one. But a server that local clients use keeps its socket: a temporary UDP socket sends the message. */
long unsock_datagram_send_real(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags);

/* Receive a datagram on a redirected descriptor. `message` is a copy that points into the program's memory. */
long unsock_datagram_receive(int fd, struct unsock_fd *entry, struct msghdr *message, int flags);
long unsock_datagram_recvfrom(int fd, void *data, size_t size, int flags, void *address, socklen_t *length);

/* The most datagrams that the library sends or receives by one system call. */
#define UNSOCK_DATAGRAM_SEVERAL 8u

/* Receives up to `count` datagrams by one call. Returns how many, or -errno; 0 if they must be received one by one. */
long unsock_datagram_receive_several(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags);

/* True if one recvmmsg divides the batches that the socket may receive. */
bool unsock_datagram_spreads(int fd, const struct unsock_fd *entry);

/* datagram_sessions.c: Servers with a socket for each client, all on one port. */

/* Connects `fd` to the client at `path`. The client refuses `fd` (EPERM) because the client is connected to the
 * listener: an unconnected socket of this process on the same address and port. `fd` and the listener exchange their
 * kernel sockets, so that `fd` gets the one to which the client is connected. Other clients that were connected to the
 * listener reconnect when they next send. Returns 0; -EPERM if this process has no other socket on the port;
 * -EADDRNOTAVAIL if no such socket is the listener, or if the listener is open in another process, or has unread
 * datagrams of other clients; or another -errno. After an error the listener can still serve this client. */
long unsock_datagram_take_client(int fd, struct unsock_fd *entry, const struct sockaddr_un *path);

/* Sends a message to a client (msg_name) that refuses datagrams from `fd` (EPERM). Uses another socket of this process
 * on the same port, to which that client is connected. Returns -EPERM if there is none. */
long unsock_datagram_send_by_sibling(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags);

/* datagram_name.c: Names datagram sockets: with a file for replies, or with a new name in the place of an old one. */

/* Gives an unnamed datagram socket a file of its own, so that replies from `target` reach it. Returns 0 or -errno. */
long unsock_datagram_name(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* Replaces a UDP socket, bound to an address that is not covered, by a local socket with a file and the same port. */
long unsock_datagram_move(int fd, struct unsock_fd *entry);

/* Renames a datagram socket on [::] and a port of the library's choice, before its first datagram, which is for IPv4
 * (`target`). Receivers then see an IPv4 sender: UDP chooses the source address by the destination's family. */
void unsock_datagram_show_ipv4(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* True for a local socket with a name to which replies can be sent. The name of a SPENT socket is of no use. */
static inline bool unsock_datagram_is_named(const struct unsock_fd *entry) {
    return entry->kind == UNSOCK_KIND_LOCAL && (entry->flags & UNSOCK_NAMED) && entry->state != UNSOCK_STATE_SPENT;
}

/* datagram_peer.c: Steps that connecting and sending share. */

/* Makes the descriptor a local socket with a name that replies from `target` can reach. */
long unsock_datagram_be_local(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* Marks the socket's file for its connected peer: a peer in another mount namespace, where the directory has another
 * path, recognises the socket by this mark. */
void unsock_datagram_tell_peer(int fd, const struct unsock_fd *entry);

/* Connects the kernel's socket to the file of a covered address, and stores the file's path in `path`. Returns 0 or
 * -errno; -EPERM if all sockets on the address are connected to other peers. */
long unsock_datagram_connect_socket(int fd, const struct unsock_fd *entry, const struct unsock_ip *ip,
                                    struct sockaddr_un *path);

/* Connects the socket again to its peer's address, where a new socket may have started. The kernel then delivers only
 * the peer's datagrams. Returns 0 or -errno. */
long unsock_datagram_connect_again(int fd, struct unsock_fd *entry);

/* Stores an error on `fd`, a datagram socket connected to nobody. The next call of any kind reports the error, as after
 * an ICMP answer "port unreachable". With `shut`, the kernel then refuses datagrams to `fd`, so that other sockets on
 * its address get them. False if the file of `fd` cannot be reached, or no descriptor is left. */
bool unsock_datagram_leave_error(int fd, const struct unsock_fd *entry, bool shut);

/* Notes in the port's record that the socket is connected: the peer's datagrams then reach it, not another socket on
 * its address. True if other open sockets have the port. */
bool unsock_datagram_tell_sharers(int fd, const struct unsock_fd *entry);

/* Notes that no socket has the connected address. From then on rewritten reads call the library (unsock_fds_reads). */
void unsock_datagram_set_nobody(struct unsock_fd *entry);

/* Disconnects the kernel's socket. Its unread datagrams are lost, and a peer connected to it gets ECONNRESET. */
long unsock_datagram_disconnect(long fd);

/* Enters `state`, and stores the address to which the socket is connected (CONNECTED, NOBODY) or last sent (SENT). */
void unsock_datagram_set_remote(struct unsock_fd *entry, const struct unsock_ip *ip, enum unsock_state state);

/* If a control file is at `path`, connects the descriptor to its target, sets *result to 0 or -errno, and returns true.
 * Else returns false; *result is then -EINVAL for another regular file, -EACCES for an unreadable file, or 0. */
bool unsock_datagram_connect_by_control(int fd, struct unsock_fd *entry, const struct sockaddr_un *path,
                                        const struct unsock_ip *ip, long *result);

/* Renames the socket before its first datagram, if UDP would choose another source address for this target. */
void unsock_datagram_choose_source(int fd, struct unsock_fd *entry, const struct unsock_ip *target);

/* datagram_batch.c: Several datagrams by one call (UDP_SEGMENT, UDP_GRO, recvmmsg). */

/* A batch: the datagrams of `size` bytes each that begin at offset `from` of a message. */
struct unsock_batch {
    const struct msghdr *message;
    size_t from;
    size_t size;
    size_t taken; /* how many datagrams the receiver takes as one; 0: none */
};

/* Sends the batch's next datagrams to the address in `name`, or to the connected peer: joins as many as the receiver
 * takes; if it takes none, sends up to UNSOCK_DATAGRAM_SEVERAL by one call. Moves `from` behind the bytes sent, and
 * returns their number; -EAGAIN; -ECONNRESET; or 0 if the caller must send the next datagram alone. */
long unsock_datagram_send_batch(int fd, struct unsock_fd *entry, const struct msghdr *name, int flags,
                                struct unsock_batch *batch);

/* Lets senders know by this bit of the file's mode that the socket takes batches. */
void unsock_datagram_take_batches(int fd, struct unsock_fd *entry, unsigned bit);

/* Called after a recvmmsg has received several datagrams, of `length` bytes. If a peer may send batches, lets
 * senders know that a recvmmsg of this socket divides batches of UNSOCK_DATAGRAM_SEVERAL datagrams; but not if another
 * thread may wait in a receive, or another process may have the socket: these would not divide a batch. */
void unsock_datagram_take_several(int fd, struct unsock_fd *entry, size_t length);

/* Receives like recvmsg; the datagram may be a batch. *size becomes the size of the batch's datagrams; 0 for a single
 * datagram. If not `whole`, receives only the first datagram of a batch: the others are lost, as from a full queue. */
long unsock_datagram_receive_batch(int fd, struct msghdr *message, int flags, bool whole, int32_t *size);

/* Receives a datagram, or a batch of up to `count`, each into a message of its own. `messages` are copies that point to
 * the program's buffers. Returns the number of messages filled, or -errno; 0 if a message has not one buffer. */
long unsock_datagram_receive_spread(int fd, struct unsock_mmsghdr *messages, unsigned count, int flags);

/* datagram_full.c: Sends to a receiver whose queue is full (net.unix.max_dgram_qlen). */

/* Returns MSG_DONTWAIT if the library, not the kernel, must wait in a send: the socket has several receivers, or a wait
 * of this process was unsuccessful, or the kernel's time-out is too long (unsock_send_limit_unseen). Else 0. */
int unsock_datagram_full_flags(const struct unsock_fd *entry);

/* Continues after a send's -EAGAIN or -EINTR: waits for room in the receiver's queue, or drops the datagram, as UDP
 * would. Returns sendmsg's result; a dropped datagram's size; or -EAGAIN if poll will report when to retry. */
long unsock_datagram_full(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags);

#endif
