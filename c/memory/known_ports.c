/* By which kind of name this process last reached a server of a port. */
#include "memory/known_ports.h"

#define PLACES 512 /* two ports of one place drive each other out, which costs them a call */

/* The port, and above it the way. */
static UNSOCK_TABLE uint32_t ports[2][2][PLACES];

static uint32_t *place(const struct unsock_ip *target, int type) {
    return &ports[type == SOCK_DGRAM][target->family == AF_INET6][target->port % PLACES];
}

enum unsock_known_way unsock_known_port(const struct unsock_ip *target, int type) {
    uint32_t known = __atomic_load_n(place(target, type), __ATOMIC_RELAXED);
    return (known & 0xffff) == target->port ? (enum unsock_known_way)(known >> 16) : UNSOCK_KNOWN_NOTHING;
}

void unsock_known_port_note(const struct unsock_ip *target, int type, enum unsock_known_way way) {
    __atomic_store_n(place(target, type), target->port | (uint32_t)way << 16, __ATOMIC_RELAXED);
}
