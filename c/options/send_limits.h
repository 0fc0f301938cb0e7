/* What a datagram socket's send may wait and hold, so that AF_UNIX is no stricter than UDP. */
#ifndef UNSOCK_SEND_LIMITS_H
#define UNSOCK_SEND_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

/* Milliseconds of a struct unsock_timeval; anything above 2,000,000 seconds counts as those. */
int32_t unsock_socket_timeval_ms(const void *timeval);

/*
 * A new AF_UNIX datagram socket: no send waits for more than 100 ms, and the buffer is large. What receivers do not
 * read is held by the sender's; UDP over the loopback leaves it to theirs, and poll says of a UDP socket that it is
 * writable.
 */
void unsock_send_limit_open(int fd);

/* Bounds every blocking send to 100 ms. */
void unsock_send_limit_time(int fd);

/*
 * Applies what a UDP socket was given as SO_SNDBUF (`size` as getsockopt tells it) to an AF_UNIX datagram socket `fd`:
 * never so that the buffer gets smaller, or too small for the largest datagram.
 */
void unsock_send_limit_grow(int fd, int32_t size);

/*
 * What receivers do not read is held by the sender's buffer, which is one for all of them: makes it larger when much of
 * it is held so. Returns whether it did.
 */
bool unsock_send_limit_relieve(int fd);

#endif
