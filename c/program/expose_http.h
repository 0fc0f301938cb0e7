/*
 * `expose --http`: one listener for all loopbacks of a user. http://NAME.localhost:PORT/ is the only TCP port of the
 * loopback of that name, http://NUMBER.NAME.localhost:PORT/ that port of it, and http://localhost:PORT/ lists them.
 */
#ifndef UNSOCK_EXPOSE_HTTP_H
#define UNSOCK_EXPOSE_HTTP_H

#include "program/expose_options.h"

/* `base`: the user's default directory; `extra`: the one that was named. They stay the caller's. `address`, with a
 * port, becomes where. Returns 0 or -errno. */
long unsock_expose_http_start(long set, const char *base, const char *extra, struct unsock_ip *address);

/* Something has come to the listener, or from the client of this number. */
void unsock_expose_http_event(void);
void unsock_expose_http_request(unsigned number);

/* Ends who is slow, and goes on with who waits. Returns after how many ms it is to be called again; -1: never. */
int64_t unsock_expose_http_go_on(void);

#endif
