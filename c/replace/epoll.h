/* Registrations in epoll sets that outlive the replacement of a descriptor. */
#ifndef UNSOCK_EPOLL_H
#define UNSOCK_EPOLL_H

#include "memory/epoll_memory.h"
#include "memory/fds.h"

/*
 * What the kernel is asked for a program that asks for `events` of the descriptor: of AF_UNIX streams that can be read
 * also whether what waits is an urgent byte (EPOLLPRI).
 */
uint32_t unsock_epoll_asked(const struct unsock_fd *entry, uint32_t events);

/* epoll_ctl. Returns 0 or -errno. */
long unsock_epoll_control(int set, int operation, int fd, struct unsock_epoll_event *event);

#define UNSOCK_EPOLL_FEW 8 /* on the stack, which may be small */
#define UNSOCK_EPOLL_MORE 256

struct unsock_epoll_registration {
    int set;
    struct unsock_epoll_event event;
};

/*
 * The registrations that were taken out of their sets, to be made again on the new socket by unsock_epoll_give, or
 * dropped by unsock_epoll_drop.
 */
struct unsock_epoll_carry {
    unsigned count;
    struct unsock_epoll_registration few[UNSOCK_EPOLL_FEW];
    struct unsock_epoll_registration *more; /* NULL: none */
};

/* Takes the descriptor out of every set that it is registered in. Sets that were closed meanwhile are skipped. */
void unsock_epoll_take(int fd, const struct unsock_fd *entry, struct unsock_epoll_carry *carry);

/* Registers it again, with the same events and data. `entry` is what it has become. */
void unsock_epoll_give(int fd, struct unsock_fd *entry, const struct unsock_epoll_carry *carry);

/* Nothing is registered again. */
void unsock_epoll_drop(const struct unsock_epoll_carry *carry);

/* Makes the registrations anew: an edge that has been seen is told again, if it is there. */
void unsock_epoll_rearm(int fd, struct unsock_fd *entry);

#endif
