/*
 * Datagram peers that are plain Unix sockets, not under unsock: each gets a port invented for it, and what is sent to
 * that port reaches it. A table of this process, of fixed size: the least recently made entry makes room.
 */
#ifndef UNSOCK_STRANGERS_H
#define UNSOCK_STRANGERS_H

#include "rt/net.h"

/* The port for a sender's name. An unnamed sender has one too, but nothing can be sent back to it. */
uint16_t unsock_plain_sender_port(const struct sockaddr_un *name, socklen_t length);

/* The name behind a port: its length, or 0 when the port was not invented here. */
socklen_t unsock_plain_sender_find(uint16_t port, struct sockaddr_un *name);

#endif
