/*
 * Two connections that are made one: what one end sends, the other is given, with half-closes and resets.
 * All of them in one process with one thread, in an epoll set of the caller's.
 */
#ifndef UNSOCK_CONNECTION_PAIR_H
#define UNSOCK_CONNECTION_PAIR_H

#include "program/http_gate.h"

#include <stdbool.h>
#include <stdint.h>

/* Once. `epoll`: the set; `descriptors`: how many this process may have. Returns 0 or -errno. */
long unsock_connection_pair_start(long epoll, uint64_t descriptors);

/*
 * Joins two sockets, connected or about to be, non-blocking; they are closed when both sides have ended, or one breaks.
 * Their events in the set have the descriptor as data. `real`: TCP's.
 */
void unsock_connection_pair_join(int real, int inside);

/*
 * The same of a client of HTTP's and a server. `gate`, made by program/http_gate, is given away; so are the bytes that
 * have come from the client, of which it has let pass the first `passed`. At most UNSOCK_JOINED_BEFORE of them.
 */
#define UNSOCK_JOINED_BEFORE 65536
void unsock_connection_pair_join_http(int client, int server, struct unsock_http_gate *gate, const void *bytes,
                                      size_t size, size_t passed);

/* Something has happened at this one. */
void unsock_connection_pair_event(int fd);

/* Closes a connection as if it broke: over TCP it is a reset. */
void unsock_connection_pair_reset(int fd);

#endif
