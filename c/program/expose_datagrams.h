/*
 * Ports of `expose` for UDP. Each client has a socket of its own on the other side, by which the answers find back to
 * it, until it has been idle for some time.
 */
#ifndef UNSOCK_EXPOSE_DATAGRAMS_H
#define UNSOCK_EXPOSE_DATAGRAMS_H

#include "program/expose_options.h"

/* As those of program/expose_streams.h. */
bool unsock_expose_datagrams_start(long set, const struct unsock_expose_options *options);
long unsock_expose_datagrams_open(const char *path, const struct unsock_expose_port *port, struct unsock_ip *address);

void unsock_expose_datagrams_close(unsigned number);

/* All of them. */
void unsock_expose_datagrams_end(void);

/* Something has come from clients, or back for one. The first returns false when somebody was led to nobody. */
bool unsock_expose_datagrams_event(unsigned number);
void unsock_expose_datagrams_answer(unsigned number);

/*
 * Forgets who is idle, and goes on with what a server's full queue did not take. Returns after how many ms it is to be
 * called again; -1: never.
 */
int64_t unsock_expose_datagrams_go_on(void);

#endif
