/* Ports for datagram peers that are plain Unix sockets, not under unsock. Each peer gets an invented port. Datagrams
 * that this process, or a child forked later, sends to that port reach the peer.
 *
 * No other socket has an invented port, since it is taken in the directory like any port. Its file is a hard link to
 * the file of the socket that received the peer's datagram. So each bind finds the port in use as long as that socket
 * is open. (A socket without a file in the directory gets a dangling symbolic link.) Only one thread of one process can
 * make the link. If no link can be made, the port is 0, and no reply is possible. */
#ifndef UNSOCK_PLAIN_SENDERS_H
#define UNSOCK_PLAIN_SENDERS_H

#include "memory/fds.h"

/* Returns the port for the sender `name` of a datagram that the socket of `entry` received. Returns 0 if no reply is
 * possible: the sender has no name, or one that depends on its working directory, or no port can be taken. */
uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length);

/* Writes the name behind a port. Returns its length, or 0 if the port was not invented here. If the port's file is no
 * longer ours, but was in use in the last two minutes, writes a name without a file, so that a send fails. */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

/* Before the socket of this entry is closed: gives back the ports whose files are links to its file. */
void unsock_plain_sender_release(const struct unsock_fd *entry);

/* At the end of the process: gives back the ports whose files are dangling links. */
void unsock_plain_sender_end(void);

#endif
