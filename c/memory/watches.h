/*
 * What descriptors are registered with in epoll sets, found again by the data that an event brings: 16 bytes for a
 * descriptor, in pages that are touched only for those that are registered. A cache: whoever is not found is left to
 * the kernel's word. No system calls but for memory, no locks.
 */
#ifndef UNSOCK_WATCHES_H
#define UNSOCK_WATCHES_H

#include "memory/epoll_memory.h"

struct unsock_watch {
    uint64_t data;
    uint32_t events; /* as the program gave them, and the two below */
    int32_t set;     /* unsock_epoll_identity of the set, plus 1; 0: none */
};

/* Bits that epoll does not have (sys/epoll.h). */
#define UNSOCK_WATCH_QUIET (1u << 20) /* is registered by edge: it has hung up where TCP has not */
#define UNSOCK_WATCH_FIRED (1u << 21) /* QUIET, one-shot, and disarmed as far as the program knows */

/* `fd` is registered in `set` with `event`. */
void unsock_watch_note(int set, int fd, const struct unsock_epoll_event *event);

/* It is no more. */
void unsock_watch_forget(int set, int fd);

/*
 * The descriptor in `set` whose events bring `data`, from number `from` on, or, with -1, whichever is found soonest.
 * -1: there is none. `*watch` is where it is remembered.
 */
int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch);

#endif
