/*
 * Ports of which this process has seen that they have several sockets, on addresses of their own: a client that looks
 * for its address's name at once is saved the call by which it would hear of that. Only a hint: what it finds there is
 * right whether or not there are still several.
 */
#ifndef UNSOCK_SEVERAL_PORTS_H
#define UNSOCK_SEVERAL_PORTS_H

#include <stdbool.h>
#include <stdint.h>

bool unsock_several_ports_has(uint16_t port, int type);
void unsock_several_ports_note(uint16_t port, int type);

/* Nobody was found by such a name. */
void unsock_several_ports_forget(uint16_t port, int type);

#endif
