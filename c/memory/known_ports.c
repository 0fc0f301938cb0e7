/* By which kind of name a stream of this process last reached a server of a port. */
#include "memory/known_ports.h"

#include "rt/net.h"

#define PLACES 128 /* two ports of one place drive each other out, which costs them a call */

/* The port, and above it the way. */
static uint32_t ports[2][PLACES];

static uint32_t *place(uint16_t port, int family) {
    return &ports[family == AF_INET6][port % PLACES];
}

enum unsock_known_way unsock_known_port(uint16_t port, int family) {
    uint32_t known = __atomic_load_n(place(port, family), __ATOMIC_RELAXED);
    return (known & 0xffff) == port ? (enum unsock_known_way)(known >> 16) : UNSOCK_KNOWN_NOTHING;
}

void unsock_known_port_note(uint16_t port, int family, enum unsock_known_way way) {
    __atomic_store_n(place(port, family), port | (uint32_t)way << 16, __ATOMIC_RELAXED);
}
