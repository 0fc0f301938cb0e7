/*
 * Streams whose multiplexer has been asked and has not answered (UNSOCK_STATE_ASKING): the program's connect goes on
 * meanwhile. The descriptor is connected to the multiplexer already, which the kernel would tell of, and what can be
 * read is not for the program yet. So poll and epoll wait for something to read where the program waits until it can
 * write; whoever makes a call reads as much of the answer as is there.
 */
#ifndef UNSOCK_ASKING_H
#define UNSOCK_ASKING_H

#include "calls/firecracker.h"
#include "memory/fds.h"
#include "rt/net.h"

/* How many there may be, more or less. */
extern int unsock_asking_count;

/* The entry of a descriptor that is one; else NULL. No system call. */
static inline struct unsock_fd *unsock_asking(int fd) {
    if (__atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) == 0)
        return NULL;
    struct unsock_fd *entry = unsock_fds_known(fd);
    return entry && entry->state == UNSOCK_STATE_ASKING && entry->kind == UNSOCK_KIND_FOREIGN ? entry : NULL;
}

/* Can another one be remembered, and do all calls that count come here? Else connect has to wait for the answer. */
bool unsock_asking_has_room(void);

/* The descriptor has become one. */
void unsock_asking_begin(int fd, const struct unsock_firecracker *asked);

/*
 * Reads what there is of the answer, without waiting. Returns 0: the descriptor is connected, or has failed, as the
 * kernel or the entry tells (calls/refusal.h); or -EINPROGRESS.
 */
long unsock_asking_look(int fd);

/* The same, and waits for it. Returns 0, or -EINTR. */
long unsock_asking_wait(int fd);

/* Before data are sent or received. Returns 0; -EAGAIN where TCP would say so; or -EINTR. */
long unsock_asking_settle(int fd, struct unsock_fd *entry);

static inline long unsock_asking_before_data(int fd) {
    struct unsock_fd *entry = unsock_asking(fd);
    return entry ? unsock_asking_settle(fd, entry) : 0;
}

/* connect once more. Returns 0, -EALREADY, -EINTR, or how it has failed. */
long unsock_asking_connect(int fd, struct unsock_fd *entry);

/* What poll has to tell of one, of `events`. */
int unsock_asking_poll(int fd, int events);

/* How many milliseconds until the time of the first one is up; `most` when there is none until then. */
int64_t unsock_asking_next(int64_t most);

/* Tells those whose time is up. Returns how many. */
int unsock_asking_expire(void);

/* The descriptor is closed. */
void unsock_asking_forget(int fd);

#endif
