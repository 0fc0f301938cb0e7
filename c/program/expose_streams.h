/* Ports of `expose` for TCP: listeners on one side, and for each client a connection on the other. */
#ifndef UNSOCK_EXPOSE_STREAMS_H
#define UNSOCK_EXPOSE_STREAMS_H

#include "program/expose_options.h"

/* Once. `set`: the epoll set. Returns false: no memory. */
bool unsock_expose_streams_start(long set, const struct unsock_expose_options *options);

/*
 * Listens at `real` of the real network for the port whose file is at `path`, or with --in the other way round.
 * `address` becomes where. Returns a number, or -errno: -EMFILE, there are too many.
 */
long unsock_expose_streams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address);

/* Nobody is led on from there any more; with --in the file goes. */
void unsock_expose_streams_close(unsigned number);

/* Something has come to the listener. Returns false when somebody was led to nobody. */
bool unsock_expose_streams_event(unsigned number);

/* Goes on with those whose server's queue is full. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_streams_go_on(void);

#endif
