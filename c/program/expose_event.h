/* What an event in `expose`'s one epoll set is about. */
#ifndef UNSOCK_EXPOSE_EVENT_H
#define UNSOCK_EXPOSE_EVENT_H

#include "memory/epoll_memory.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"

#include <linux/mman.h>

/* In the upper half of an event's data; in the lower half stands which one. */
enum unsock_expose_kind {
    UNSOCK_EXPOSE_JOINED, /* program/connection_pair: the descriptor */
    UNSOCK_EXPOSE_SIGNALS,
    UNSOCK_EXPOSE_CHANGES,  /* in the directory */
    UNSOCK_EXPOSE_LISTENER, /* the number of the others from here on */
    UNSOCK_EXPOSE_DATAGRAMS,
    UNSOCK_EXPOSE_SESSION,
    UNSOCK_EXPOSE_WEB,     /* the listener of --http */
    UNSOCK_EXPOSE_REQUEST, /* a connection whose request is not whole yet */
};

static inline void unsock_expose_watch(long set, int operation, long fd, uint32_t events, enum unsock_expose_kind kind,
                                       unsigned number) {
    struct unsock_epoll_event event = {events, (uint64_t)kind << 32 | number};
    unsock_epoll_ctl(set, operation, fd, &event);
}

/* Zeroed memory, which costs nothing before it is used. NULL: there is none. */
static inline void *unsock_expose_map(size_t size) {
    long memory = unsock_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory < 0 && memory > -4096 ? NULL : (void *)memory;
}

/* The earlier one of two moments, or waits; -1: never. */
static inline int64_t unsock_expose_sooner(int64_t one, int64_t other) {
    return one < 0 ? other : other < 0 ? one : UNSOCK_MIN(one, other);
}

#endif
