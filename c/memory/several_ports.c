/* Ports of which this process has seen that they have several sockets. */
#include "memory/several_ports.h"

#include "rt/net.h"

#define PLACES 64 /* two ports of one place drive each other out, which costs them a call */

/* 0: none. */
static uint16_t ports[2][PLACES];

static uint16_t *place(uint16_t port, int type) {
    return &ports[type == SOCK_DGRAM][port % PLACES];
}

bool unsock_several_ports_has(uint16_t port, int type) {
    return __atomic_load_n(place(port, type), __ATOMIC_RELAXED) == port;
}

void unsock_several_ports_note(uint16_t port, int type) {
    __atomic_store_n(place(port, type), port, __ATOMIC_RELAXED);
}

void unsock_several_ports_forget(uint16_t port, int type) {
    if (unsock_several_ports_has(port, type))
        __atomic_store_n(place(port, type), 0, __ATOMIC_RELAXED);
}
