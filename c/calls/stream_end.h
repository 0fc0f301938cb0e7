/* Streams whose connection or listening has ended, and whose address has not. */
#ifndef UNSOCK_STREAM_END_H
#define UNSOCK_STREAM_END_H

#include "memory/fds.h"

/*
 * Ends what a bound stream does, and keeps its address: a new socket takes its place, which may listen again
 * (unsock_stream_listen). Returns 0 or -errno.
 */
long unsock_stream_reserve(int fd, struct unsock_fd *entry);

/* The same where the program chose the port; else the stream is as new, and its port given back. Returns 0 or -errno.
 */
long unsock_stream_end(int fd, struct unsock_fd *entry);

#endif
