/*
 * Datagram peers that are plain Unix sockets, not under unsock. A port is invented for each. Datagrams from this
 * process and its children to that port reach the peer.
 *
 * An invented port is nobody else's, for certain: it is taken in the directory, as every port is that somebody has. Its
 * file is a hard link to the file of the socket that heard the sender. So whoever binds sees it alive for as long as
 * that socket is. To make a link is one step, in which one thread of one process succeeds. Where no link can be made,
 * the port is 0: as in UDP, there can be no answer.
 */
#ifndef UNSOCK_PLAIN_SENDERS_H
#define UNSOCK_PLAIN_SENDERS_H

#include "memory/fds.h"

/*
 * The port for a sender's name, as the socket that `entry` describes heard it. 0: nothing can be sent back to it; it
 * has no name, or one that means something else in another directory, or no port can be taken.
 */
uint16_t unsock_plain_sender_port(const struct unsock_fd *entry, const struct sockaddr_un *name, socklen_t length);

/*
 * The name behind a port: its length; 0 when the port was not invented here. A port that was, and is no longer ours,
 * has the name of a file that is not there, for as long as the program may still mean the sender.
 */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

/* The socket of this entry is going to be closed: gives the ports back that its file stands for. */
void unsock_plain_sender_release(const struct unsock_fd *entry);

/* The process ends: gives the others back. */
void unsock_plain_sender_end(void);

#endif
