/* Remembers epoll sets and the registrations in them: descriptor, events and data. Finds a registration by its set and
 * descriptor, or by its set and data. A cache, which may be out of date; it has no locks. */
#ifndef UNSOCK_EPOLL_MEMORY_H
#define UNSOCK_EPOLL_MEMORY_H

#include "rt/system_calls.h"

/* The kernel's struct epoll_event. */
struct unsock_epoll_event {
    uint32_t events;
    uint64_t data;
#ifdef __x86_64__
} __attribute__((packed));
#else
};
#endif

/* A registration. Several threads may read and write its members at once. */
struct unsock_watch {
    uint64_t data;
    uint32_t events; /* the program's, with EPOLLERR and EPOLLHUP (the kernel adds both), and the two bits below */
    uint32_t set;    /* the set's identity (epoll_memory.c); 0: none. The highest bit: MANY */
};

/* Bits in `events` that epoll does not use (sys/epoll.h). */
#define UNSOCK_WATCH_QUIET (1u << 20) /* edge-triggered for now, to hide a hang-up that TCP does not report */
#define UNSOCK_WATCH_FIRED (1u << 21) /* QUIET and one-shot, and the program has had its event */
#define UNSOCK_WATCH_MARKS (UNSOCK_WATCH_QUIET | UNSOCK_WATCH_FIRED)

void unsock_epoll_note_new_set(int set);

/* If `from` is a set, notes that its duplicate `to` is the same set. */
void unsock_epoll_duplicate_set(int from, int to);

/* Marks a set. Call it before the set gets a descriptor whose events the library may change. */
void unsock_epoll_mark(int set);

/* True only if the library saw the set's creation and has not marked the set: all its events are the kernel's own. */
bool unsock_epoll_is_kernels(int set);

/* Returns the lowest known set from `from` on, or -1. The set may be closed, if its close was not intercepted. */
int unsock_epoll_next_set(int from);

/* Forgets everything noted here about a descriptor number: the number was closed or reused, or its descriptor is no
 * epoll set any more, or has lost all registrations. */
extern int unsock_epoll_end;
void unsock_epoll_forget_number(int fd);

static inline void unsock_epoll_forget(int fd) {
    if (fd < __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED))
        unsock_epoll_forget_number(fd);
}

/* True if these are the events of a one-shot registration that has fired: the kernel has cleared EPOLLERR and EPOLLHUP,
 * which every other registration has. */
static inline bool unsock_epoll_is_fired(uint32_t events) {
    return (events & (EPOLLONESHOT | EPOLLERR | EPOLLHUP)) == EPOLLONESHOT;
}

/* Notes a successful epoll_ctl. `event`: the registration that ADD or MOD has made. False if it cannot be stored. */
bool unsock_epoll_note(int set, int operation, int fd, const struct unsock_epoll_event *event);

/* Notes that `fd` may be registered in sets unknown to the library, which did not see how `fd` was made. */
void unsock_epoll_note_anywhere(int fd);
bool unsock_epoll_is_anywhere(int fd); /* True after that note, or if `fd` may be in several sets */

struct unsock_watch *unsock_watch_of(int set, int fd);

/* Copies the registration of `fd` in `set` to `event`. If the library knows a registration of `fd` only in another set,
 * copies that one: both descriptors may refer to the same set. Returns false if it knows no such registration. */
bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event);

bool unsock_epoll_is_registered(int fd);

/* Returns a descriptor that is registered in `set` with this data: the first from number `from` on, or any if `from` is
 * -1. Returns -1 if there is none. `*watch` becomes the descriptor's registration. */
int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch);

#endif
