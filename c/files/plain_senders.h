/* Invents ports for plain senders. A plain sender is a Unix socket, of a program without this library, from which this
 * process has received a datagram: it has no port by itself. Datagrams that this process, or a child forked later,
 * sends to the invented port reach the plain sender.
 *
 * The port is taken in the directory like any other, so no other socket gets it. The port's file is a hard link to the
 * file of the socket that received the sender's datagram: binds find the port in use as long as the receiver is open.
 * If the receiver has no file in the directory, the port's file is a dangling symbolic link. */
#ifndef UNSOCK_PLAIN_SENDERS_H
#define UNSOCK_PLAIN_SENDERS_H

#include "memory/fds.h"

/* Returns the port for the sender `name` of a datagram that the socket of `entry` received. Returns 0 if no reply is
 * possible: the sender has no name, or a relative path, or no port can be taken. */
uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length);

/* Writes the name of the plain sender for which the port was invented; returns its length, or 0 for another port. For a
 * port used in the last two minutes, whose file is gone or replaced, writes a name to which sends fail. */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

/* Called before the socket of this entry is closed: gives back the ports whose files are links to its file. */
void unsock_plain_sender_release(const struct unsock_fd *entry);

/* At the end of the process: gives back the ports whose files are dangling links. */
void unsock_plain_sender_end(void);

#endif
