/* Remembers epoll registrations by descriptor number: which numbers are sets, and where each descriptor is registered,
 * with what events and data. A registration is found by set and descriptor, or by set and the data of an event. A
 * cache, never the truth: code that relies on it asks the kernel as well. Its pages are touched only for such
 * descriptors. No locks, and no system calls but for memory. */
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

/* A registration. Several threads read and write its members. */
struct unsock_watch {
    uint64_t data;
    uint32_t events; /* as the kernel keeps them, with EPOLLERR and EPOLLHUP, and with the two bits below */
    uint32_t set;    /* the set's number in the table's own count; 0: none. The highest bit: MANY */
};

/* Bits in `events` that epoll does not use (sys/epoll.h). */
#define UNSOCK_WATCH_QUIET (1u << 20) /* registered edge-triggered: AF_UNIX reports a hang-up that TCP does not */
#define UNSOCK_WATCH_FIRED (1u << 21) /* QUIET and one-shot, and fired, as far as the program knows */
#define UNSOCK_WATCH_MARKS (UNSOCK_WATCH_QUIET | UNSOCK_WATCH_FIRED)

/* Notes that the number is a new epoll set. */
void unsock_epoll_note_new_set(int set);

/* If `from` is a set, notes that its duplicate `to` is the same set. */
void unsock_epoll_duplicate_set(int from, int to);

/* Marks a set. Done before the set gets a descriptor whose events the library may change. */
void unsock_epoll_mark(int set);

/* True if the set was known from its beginning, and no number of it was marked: its events are the kernel's. */
bool unsock_epoll_is_kernels(int set);

/* Returns the first number of a set from `from` on, or -1. The set may have been closed past the library. */
int unsock_epoll_next_set(int from);

/* Forgets a number: it is another descriptor's now, or no set's, or it has lost all its registrations. */
extern int unsock_epoll_end;
void unsock_epoll_forget_number(int fd);

static inline void unsock_epoll_forget(int fd) {
    if (fd < __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED))
        unsock_epoll_forget_number(fd);
}

/* True if a one-shot registration has fired: the kernel has removed EPOLLERR and EPOLLHUP, which all others have. */
static inline bool unsock_epoll_is_fired(uint32_t events) {
    return (events & (EPOLLONESHOT | EPOLLERR | EPOLLHUP)) == EPOLLONESHOT;
}

/* Notes that `operation` was done to the registration of `fd` in `set`, with `event` as the result (ADD, MOD). False if
 * it cannot be stored. Of descriptors in several sets, new registrations overwrite the oldest ones that have not fired.
 */
bool unsock_epoll_note(int set, int operation, int fd, const struct unsock_epoll_event *event);

/* Notes that `fd` may be registered in any set, since it existed before the library knew it. */
void unsock_epoll_note_anywhere(int fd);
bool unsock_epoll_is_anywhere(int fd); /* True for such a descriptor, or one in several sets */

/* Returns the registration of `fd` in `set`, or NULL if none is known. */
struct unsock_watch *unsock_watch_of(int set, int fd);

/* Copies that registration to `event`, for any `set` if the descriptor is in one set only. False: unknown. */
bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event);

/* True if `fd` may be registered in any set. */
bool unsock_epoll_is_registered(int fd);

/* Returns the descriptor in `set` whose events carry `data`: the first from number `from` on, or any if `from` is -1.
 * Returns -1 if there is none. `*watch` is its registration. */
int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch);

#endif
