/* Sending to a receiver whose queue is full. */
#include "calls/datagram.h"

#include "kernel/socket_info.h"
#include "options/options.h"

#define PAUSE_FIRST_NS 50000
#define PAUSES_MOST_NS 10000000 /* a program that does not block is not held up for longer at a time */
/* In a second, for one receiver in vain: by a socket that sends to that one alone; and by one that others wait for too.
 */
#define ALONE_MOST_NS 100000000
#define AMONG_MANY_MOST_NS 2000000
#define ALL_MOST_NS 50000000 /* in a second, in vain or not, by sockets that others wait for too: a twentieth */

#define VAIN_MOST 5 /* waits in vain, one after the other, after which they get no shorter */
#define VAIN_FORGOTTEN_NS (10l * UNSOCK_SECOND_NS) /* who had no full queue for so long is waited for as ever */

#define SETS 64
#define PLACES 4
#define SOCKETS 64

/*
 * What was waited for one receiver in the second that began with `since`: in vain. Each wait in vain that follows
 * another is half as long: who has not read for seconds will not read now.
 */
struct receiver {
    uint32_t key;
    uint32_t vain; /* waits, one after the other */
    int64_t since;
    int64_t waited;
};

/*
 * No locks: two threads that write one place at a time cost a wait, or spare one. Receivers are told apart by a hash of
 * their names; in a set, the one that was full longest ago makes room.
 */
static UNSOCK_TABLE struct receiver receivers[SETS][PLACES];
static struct receiver all;
static int64_t many_until[SOCKETS];
static bool in_vain; /* some wait was */

static uint32_t key_of(const struct unsock_fd *entry, const struct msghdr *message) {
    const uint8_t *name = message->msg_name;
    uint32_t sum = 2166136261u ^ unsock_fd_remote(entry)->port; /* FNV-1a */
    for (socklen_t i = 0; name && i < message->msg_namelen; i++)
        sum = (sum ^ name[i]) * 16777619u;
    return sum;
}

static struct receiver *begin_second(struct receiver *receiver, int64_t time) {
    if (time - receiver->since >= UNSOCK_SECOND_NS) {
        receiver->vain = time - receiver->since < VAIN_FORGOTTEN_NS ? receiver->vain : 0;
        receiver->since = time;
        receiver->waited = 0;
    }
    return receiver;
}

static struct receiver *find(uint32_t key, int64_t time) {
    struct receiver *set = receivers[key % SETS], *oldest = set;
    for (int i = 0; i < PLACES; i++) {
        if (set[i].key == key && set[i].since != 0)
            return begin_second(&set[i], time);
        if (set[i].since < oldest->since)
            oldest = &set[i];
    }
    *oldest = (struct receiver){.key = key, .since = time};
    return oldest;
}

/* In this second: whoever floods it pays one call each time. */
static bool has_had_its_wait(const struct unsock_fd *entry, const struct msghdr *message) {
    return find(key_of(entry, message), unsock_clock_ns())->waited >= ALONE_MOST_NS;
}

/*
 * Has this socket sent to several receivers lately? The mark is set when they change, and asked for here alone: it
 * counts for a second after it was seen.
 */
static bool is_among_many(int fd, struct unsock_fd *entry, int64_t time) {
    int64_t *until = &many_until[(unsigned)fd % SOCKETS];
    if (entry->flags & UNSOCK_DATAGRAM_MANY) {
        __atomic_fetch_and(&entry->flags, ~UNSOCK_DATAGRAM_MANY, __ATOMIC_RELAXED);
        __atomic_store_n(until, time + UNSOCK_SECOND_NS, __ATOMIC_RELAXED);
    }
    return time < __atomic_load_n(until, __ATOMIC_RELAXED);
}

int unsock_datagram_full_flags(const struct unsock_fd *entry) {
    return (entry->flags & UNSOCK_DATAGRAM_MANY) || __atomic_load_n(&in_vain, __ATOMIC_RELAXED) ? MSG_DONTWAIT : 0;
}

static long try_again(int fd, const struct msghdr *message, int flags) {
    return unsock_sendmsg(fd, message, flags | MSG_DONTWAIT);
}

/* Tries again and again, for `most` nanoseconds. */
static long pause_and_try(int fd, const struct msghdr *message, int flags, int64_t begun, int64_t most) {
    struct timespec pause = {0, PAUSE_FIRST_NS};
    long result = -EAGAIN;
    for (int64_t waited = 0; result == -EAGAIN && waited < most;
         waited = unsock_clock_ns() - begun, pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        result = try_again(fd, message, flags);
    }
    return result;
}

/* `flags` without MSG_DONTWAIT: the kernel waits, for as long as the socket's SO_SNDTIMEO. */
static long wait_for(int fd, const struct msghdr *message, int flags, struct receiver *receiver, bool many,
                     bool pauses) {
    int64_t begun = unsock_clock_ns();
    int64_t most = (many ? AMONG_MANY_MOST_NS >> receiver->vain : ALONE_MOST_NS) - receiver->waited;
    if (many)
        most = UNSOCK_MIN(most, ALL_MOST_NS - begin_second(&all, begun)->waited);
    if (most <= 0)
        return -EAGAIN;
    long result = pauses ? pause_and_try(fd, message, flags, begun, UNSOCK_MIN(most, PAUSES_MOST_NS))
                         : unsock_sendmsg(fd, message, flags);
    int64_t waited = unsock_clock_ns() - begun;
    if (many)
        all.waited += waited;
    /*
     * Who takes datagrams is waited for again, as far as there is time for all. In vain, one wait is all that a
     * receiver costs those beside it in a second, however short it was.
     */
    if (result == -EAGAIN) {
        receiver->waited = many ? ALONE_MOST_NS : receiver->waited + waited;
        receiver->vain = UNSOCK_MIN(receiver->vain + 1, VAIN_MOST);
        __atomic_store_n(&in_vain, true, __ATOMIC_RELAXED);
    } else {
        receiver->vain = 0;
    }
    return result;
}

/*
 * A blocking send waits for its receiver, 100 ms at most: then the datagram is dropped, as UDP may. A non-blocking one
 * waits a moment where poll could not tell when to go on (it can on a connected socket), and so does one whose wait a
 * signal has ended: UDP, which does not wait, never says EINTR. But a server must not be held up by clients that do not
 * read: what it waits for each, and for all, in a second is bounded, and nothing at the others' cost.
 */
long unsock_datagram_full(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags, int added,
                          long result, size_t size) {
    bool interrupted = result == -EINTR;
    bool connected = unsock_state_is_connected(entry->state);
    if (!connected && has_had_its_wait(entry, message))
        return (long)size;
    bool nonblocking = (flags & MSG_DONTWAIT) || unsock_socket_nonblocking(fd) == 1;
    /* What is not read is held by the sender's buffer too: it may be that, and not the receiver, that is full. */
    result = unsock_send_limit_relieve(fd) ? try_again(fd, message, flags) : -EAGAIN;
    if (nonblocking && connected)
        return result;
    if (result == -EAGAIN) {
        int64_t time = unsock_clock_ns();
        struct receiver *receiver = find(key_of(entry, message), time);
        bool many = is_among_many(fd, entry, time);
        if (!nonblocking && !interrupted && !(added & MSG_DONTWAIT)) {
            receiver->waited = ALONE_MOST_NS; /* the kernel has waited that long */
            __atomic_store_n(&in_vain, true, __ATOMIC_RELAXED);
        } else {
            result = wait_for(fd, message, flags, receiver, many, nonblocking || interrupted || many);
        }
    }
    return result == -EAGAIN || result == -EINTR ? (long)size : result;
}
