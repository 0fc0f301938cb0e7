/* Registrations in epoll sets that outlive the replacement of a descriptor. */
#ifndef UNSOCK_EPOLL_H
#define UNSOCK_EPOLL_H

#include "fds.h"

/* The kernel's struct epoll_event. */
struct unsock_epoll_event {
    uint32_t events;
    uint64_t data;
#ifdef __x86_64__
} __attribute__((packed));
#else
};
#endif

/* Notes a successful epoll_ctl(set, operation, fd, event) on a descriptor of ours. */
void unsock_epoll_note(int set, int operation, struct unsock_fd *entry, const struct unsock_epoll_event *event);

#define UNSOCK_EPOLL_CARRIED 16

/* The registrations that were taken out of their sets, to be made again on the new socket. */
struct unsock_epoll_carry {
    unsigned count;
    struct {
        int set;
        struct unsock_epoll_event event;
    } items[UNSOCK_EPOLL_CARRIED];
};

/* Takes the descriptor out of every set that it is registered in. Sets that were closed meanwhile are skipped. */
void unsock_epoll_take(int fd, const struct unsock_fd *entry, struct unsock_epoll_carry *carry);

/* Registers it again, with the same events and data. `entry` is what it has become. */
void unsock_epoll_give(int fd, struct unsock_fd *entry, const struct unsock_epoll_carry *carry);

#endif
