/*
 * Remembers epoll registrations by descriptor number: which numbers are sets, and where a descriptor is registered,
 * with what. It is found by set and descriptor, or by set and the data that an event brings. In pages that are touched
 * only for those. A cache, never the truth: code that relies on it asks the kernel as well. No system calls but for
 * memory, no locks.
 */
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

/* A registration. Its numbers are read and written by several threads. */
struct unsock_watch {
    uint64_t data;
    uint32_t events; /* as the kernel keeps them, with EPOLLERR and EPOLLHUP; and the two below */
    uint32_t set;    /* which set, as the table counts them; 0: none. In its highest bit: MANY */
};

/* Bits of events that epoll does not have (sys/epoll.h). */
#define UNSOCK_WATCH_QUIET (1u << 20) /* is registered by edge: it has hung up where TCP has not */
#define UNSOCK_WATCH_FIRED (1u << 21) /* QUIET, one-shot, and disarmed as far as the program knows */
#define UNSOCK_WATCH_MARKS (UNSOCK_WATCH_QUIET | UNSOCK_WATCH_FIRED)

/* A new set has this number. */
void unsock_epoll_note_new_set(int set);

/* If `from` is a set, so is its duplicate `to`, and the same one. */
void unsock_epoll_duplicate_set(int from, int to);

/* Something other than what is certainly the kernel's is about to be registered in this set. */
void unsock_epoll_mark(int set);

/* True if the set was seen from its beginning, and never marked, by any of its numbers: its events are the kernel's. */
bool unsock_epoll_is_kernels(int set);

/* The first number of a set from `from` on; -1: there is none. It may have been closed unseen. */
int unsock_epoll_next_set(int from);

/* The number is another descriptor's by now, no set's, or nothing is registered by it any more. */
extern int unsock_epoll_end;
void unsock_epoll_forget_number(int fd);

static inline void unsock_epoll_forget(int fd) {
    if (fd < __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED))
        unsock_epoll_forget_number(fd);
}

/* One-shot, and disarmed by having fired: the kernel has taken away what else every registration waits for. */
static inline bool unsock_epoll_is_fired(uint32_t events) {
    return (events & (EPOLLONESHOT | EPOLLERR | EPOLLHUP)) == EPOLLONESHOT;
}

/*
 * `operation` was done to the registration of `fd` in `set`; it has `event` now (ADD, MOD). Returns false when that is
 * not remembered. Registrations in several sets give way to others, but for those that have fired.
 */
bool unsock_epoll_note(int set, int operation, int fd, const struct unsock_epoll_event *event);

/* It may be registered in any set: it was made before it was known. */
void unsock_epoll_note_anywhere(int fd);
bool unsock_epoll_is_anywhere(int fd); /* or in several */

/* The registration of `fd` in `set`; NULL: none is known. */
struct unsock_watch *unsock_watch_of(int set, int fd);

/* The same, or, of a descriptor that is in one set only, that one, of which `set` may be another number. */
bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event);

/* True if it may be registered anywhere. */
bool unsock_epoll_is_registered(int fd);

/*
 * The descriptor in `set` whose events bring `data`, from number `from` on, or, with -1, whichever is found soonest.
 * -1: there is none. `*watch` is where it is remembered.
 */
int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch);

#endif
