/*
 * What is remembered about epoll beside struct unsock_fd: which descriptors are epoll sets, and some registrations. A
 * cache, never the truth: whoever relies on it asks the kernel as well. No system calls, no locks.
 */
#ifndef UNSOCK_EPOLL_MEMORY_H
#define UNSOCK_EPOLL_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* The kernel's struct epoll_event. */
struct unsock_epoll_event {
    uint32_t events;
    uint64_t data;
#ifdef __x86_64__
} __attribute__((packed));
#else
};
#endif

/* Notes that a descriptor is an epoll set. Nothing tells when it is none any more: its number stays noted. */
void unsock_epoll_note_set(int set);

/* The same for one that was made just now. */
void unsock_epoll_note_new_set(int set);

/* A descriptor became a duplicate of another, which may be a set: what is registered with one is so with the other. */
void unsock_epoll_duplicate_set(int from, int to);

/* The same for all numbers of a set: the first of them, as long as that has not become another set's. */
int unsock_epoll_identity(int set);

/* A number was found to be no set. */
void unsock_epoll_forget_set(int set);

/* The first noted set from number `from` on; -1 when there is none. */
int unsock_epoll_next_set(int from);

/* One-shot, and disarmed by having fired: the kernel has taken away what else every registration waits for. */
bool unsock_epoll_is_fired(const struct unsock_epoll_event *event);

/*
 * Remembers what descriptor `fd` is registered with in a set. Returns false when there is no room: those that have not
 * fired give way to others, those that have fired do not.
 */
bool unsock_epoll_remember(int set, int fd, const struct unsock_epoll_event *event);

/* Returns false when nothing is remembered. */
bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event);

/* Returns whether anything was remembered. */
bool unsock_epoll_forget(int set, int fd);

/* Forgets what is remembered about a descriptor in all sets, but for one-shots that have fired. */
void unsock_epoll_forget_armed(int fd);

#endif
