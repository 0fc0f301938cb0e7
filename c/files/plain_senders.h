/*
 * Ports for datagram peers that are plain Unix sockets, not under unsock. Each peer gets an invented port. Datagrams
 * that this process or its children send to that port reach the peer.
 *
 * An invented port is certainly no other socket's, since it is taken in the directory like any port. Its file is a hard
 * link to the file of the socket that received the peer's datagram. So each bind finds the port in use as long as that
 * socket is open. Only one thread of one process can make the link. If no link can be made, the port is 0, and no reply
 * is possible.
 */
#ifndef UNSOCK_PLAIN_SENDERS_H
#define UNSOCK_PLAIN_SENDERS_H

#include "memory/fds.h"

/* Returns the port for the sender `name` of a datagram that the socket of `entry` received. 0: no reply is possible.
 * The sender has no name, or one that depends on its working directory, or no port can be taken. */
uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length);

/* Writes the name behind a port. Returns its length, or 0 if the port was not invented here. If the port is no longer
 * ours, but the program may still mean the sender, writes a name without a file. */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

/* Before the socket of this entry is closed: gives back the ports whose files are links to its file. */
void unsock_plain_sender_release(const struct unsock_fd *entry);

/* At the end of the process: gives back all others. */
void unsock_plain_sender_end(void);

#endif
