/* Invents a port for each datagram peer that is a plain Unix socket. Datagrams that this process, or a child forked
 * later, sends to the port reach the peer.
 *
 * The port is taken in the directory like any other, so no other socket gets it. Its file is a hard link to the file of
 * the socket that received the peer's datagram: binds find the port in use as long as the receiver is open. For a
 * receiver without a file in the directory, it is a dangling symbolic link. */
#ifndef UNSOCK_PLAIN_SENDERS_H
#define UNSOCK_PLAIN_SENDERS_H

#include "memory/fds.h"

/* Returns the port for the sender `name` of a datagram that the socket of `entry` received. Returns 0 if no reply is
 * possible: the sender has no name, or a relative path, or no port can be taken. */
uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length);

/* Writes the name of the peer that has this port. Returns its length, or 0 if this process has not invented the port.
 * If the port's file is not ours now, but was used in the last two minutes, writes a name to which sends fail. */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

/* Called before the socket of this entry is closed: gives back the ports whose files are links to its file. */
void unsock_plain_sender_release(const struct unsock_fd *entry);

/* At the end of the process: gives back the ports whose files are dangling links. */
void unsock_plain_sender_end(void);

#endif
