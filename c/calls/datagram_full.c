/* Sending to a receiver whose queue is full. */
#include "calls/datagram_full.h"

#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rt/sys.h"

#define FULL_WAIT_FIRST_NS 50000
#define FULL_WAIT_MOST_NS 3000000
#define FULL_REST_NS 10000000
#define RESTS 64

/* Nanoseconds of CLOCK_MONOTONIC. */
static int64_t now(void) {
    struct timespec time = {0};
    unsock_sys(__NR_clock_gettime, 1, &time);
    return time.tv_sec * 1000000000 + time.tv_nsec;
}

/* For whom not to wait before when: by a hash of where the datagrams go. Two that share a place cost a wait, or spare one. */
static struct {
    uint32_t receiver;
    int64_t until;
} rests[RESTS];

static uint32_t receiver_of(const struct unsock_fd *entry, const struct msghdr *message) {
    const uint8_t *name = message->msg_name;
    uint32_t sum = 2166136261u ^ entry->remote.port; /* FNV-1a */
    for (socklen_t i = 0; name && i < message->msg_namelen; i++)
        sum = (sum ^ name[i]) * 16777619u;
    return sum;
}

static bool is_resting(uint32_t receiver) {
    return __atomic_load_n(&rests[receiver % RESTS].receiver, __ATOMIC_RELAXED) == receiver &&
           now() < __atomic_load_n(&rests[receiver % RESTS].until, __ATOMIC_RELAXED);
}

static void rest(uint32_t receiver) {
    __atomic_store_n(&rests[receiver % RESTS].receiver, receiver, __ATOMIC_RELAXED);
    __atomic_store_n(&rests[receiver % RESTS].until, now() + FULL_REST_NS, __ATOMIC_RELAXED);
}

/*
 * The receiver's queue is full. A blocking send has waited its 100 ms: the datagram is dropped, as UDP may. A
 * non-blocking one waits a moment where poll could not tell when to go on (it can on a connected socket), and so does
 * one whose wait a signal has ended: UDP, which does not wait, never says EINTR. After a wait for nothing there is none
 * for that receiver for a while: one that does not read must not hold up a server's other clients.
 */
long unsock_datagram_full(int fd, const struct unsock_fd *entry, const struct msghdr *message, int flags, long result,
                          size_t size) {
    struct timespec pause = {0, FULL_WAIT_FIRST_NS};
    bool interrupted = result == -EINTR;
    bool nonblocking = (flags & MSG_DONTWAIT) || unsock_socket_nonblocking(fd) == 1;
    result = -EAGAIN;
    if (nonblocking && unsock_state_is_connected(entry->state))
        return -EAGAIN;
    uint32_t receiver = receiver_of(entry, message);
    if (!(nonblocking || interrupted) || is_resting(receiver))
        return (long)size;
    for (long waited = 0; result == -EAGAIN && waited < FULL_WAIT_MOST_NS; pause.tv_nsec *= 2) {
        unsock_sys(__NR_nanosleep, &pause, 0);
        waited += pause.tv_nsec;
        result = unsock_sys(__NR_sendmsg, fd, message, flags | MSG_DONTWAIT);
    }
    if (result == -EAGAIN)
        rest(receiver);
    return result == -EAGAIN ? (long)size : result;
}
