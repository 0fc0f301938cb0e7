/* The system's ephemeral port range (ip(7), ip_local_port_range). */
#ifndef UNSOCK_EPHEMERAL_H
#define UNSOCK_EPHEMERAL_H

#include <stdint.h>

/* A port of the system's ephemeral range that has not been tried for long. */
uint16_t unsock_ephemeral_next(void);

/* How many ports the ephemeral range has. */
unsigned unsock_ephemeral_count(void);

#endif
