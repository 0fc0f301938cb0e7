/* The system's ephemeral port range (ip(7), ip_local_port_range). */
#ifndef UNSOCK_EPHEMERAL_H
#define UNSOCK_EPHEMERAL_H

#include <stdbool.h>
#include <stdint.h>

/* A port of the system's ephemeral range that has not been tried for long. */
uint16_t unsock_ephemeral_next(void);

/* How many ports the ephemeral range has. */
unsigned unsock_ephemeral_count(void);

/* Does the range have this port? */
bool unsock_ephemeral_has(uint16_t port);

/* Ports in an order that is another one in each process: the `index`-th of all 65536. */
uint16_t unsock_ephemeral_aside(unsigned index);

#endif
