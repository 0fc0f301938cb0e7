/* Waits for room in a receiver's full queue, or drops the datagram, as UDP may. */
#include "calls/datagram.h"

#include "kernel/socket_info.h"
#include "options/options.h"
#include "rules/cmsg.h"

#include <linux/poll.h>

#define PAUSE_FIRST_NS 50000
#define PAUSES_MOST_NS 10000000 /* the longest brief wait for one datagram */
/* The most time per second in unsuccessful waits for one receiver: if the socket has no other one; if it has others. */
#define ALONE_MOST_NS 100000000
#define AMONG_MANY_MOST_NS 2000000
#define ALL_MOST_NS 50000000 /* in a second, for all waits with several receivers: a twentieth */
#define READING_SHARE 8      /* a wait for a receiver that reads counts an eighth: at most 400 ms a second */
#define WATCH_FIRST_NS 2000000
#define LATE_NS 200000000      /* after so long a wait, the sender retries so often that new senders seldom get ahead */
#define WATCH_MOST_NS 64000000 /* the longest watch for a read; each read wakes all watching senders, so costs time */
#define SHARES_MOST 40ul

#define VAIN_MOST 5                        /* unsuccessful waits in a row, after which waits get no shorter */
#define LATELY_NS (10l * UNSOCK_SECOND_NS) /* a time without a full queue, after which `vain` is forgotten */

#define SETS 64
#define PLACES 4
#define SOCKETS 64

/* Unsuccessful waits for one receiver. `waited` is their time in the second that began at `since`. If the socket has
 * several receivers, each of the first VAIN_MOST waits in a row makes the next one half as long: this receiver hardly
 * reads. */
struct receiver {
    uint32_t key;
    uint32_t vain; /* unsuccessful waits in a row */
    int64_t since; /* this and the next two: nanoseconds */
    int64_t waited;
    int64_t usual; /* the time of a wait in wait_in_turn, on average */
};

/* No locks: if two threads write one place at once, the result is one wait more or less. A hash of the receiver's name
 * identifies the receiver. In a full set, the receiver whose queue was full longest ago is replaced. */
static UNSOCK_TABLE struct receiver receivers[SETS][PLACES];
static struct receiver all_receivers;
static int64_t many_until[SOCKETS];
static bool in_vain; /* true once any wait was unsuccessful */

static uint32_t key_of_receiver(const struct unsock_fd *entry, const struct msghdr *message) {
    const uint8_t *name = message->msg_name;
    uint32_t sum = 2166136261u ^ unsock_fd_remote(entry)->port; /* FNV-1a */
    for (socklen_t i = 0; name && i < message->msg_namelen; i++)
        sum = (sum ^ name[i]) * 16777619u;
    return sum;
}

static struct receiver *begin_second(struct receiver *receiver, int64_t time) {
    int64_t past = time - receiver->since;
    if (past >= UNSOCK_SECOND_NS)
        *receiver = (struct receiver){receiver->key, past < LATELY_NS ? receiver->vain : 0, time, 0, receiver->usual};
    return receiver;
}

static struct receiver *find_receiver(uint32_t key, int64_t time) {
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

/* True if the socket has lately sent to several receivers: this call finds UNSOCK_DATAGRAM_MANY set and clears it, or a
 * call in the last second did. The flag stays set from a change of the receiver's port until the next full queue, so
 * the change itself may be old. Descriptors that are equal modulo SOCKETS share a place in `many_until`. */
static bool is_among_many(int fd, struct unsock_fd *entry, int64_t time) {
    int64_t *until = &many_until[(unsigned)fd % SOCKETS];
    if (entry->flags & UNSOCK_DATAGRAM_MANY) {
        unsock_fds_unmark(entry, UNSOCK_DATAGRAM_MANY);
        __atomic_store_n(until, time + UNSOCK_SECOND_NS, __ATOMIC_RELAXED);
    }
    return time < __atomic_load_n(until, __ATOMIC_RELAXED);
}

int unsock_datagram_full_flags(const struct unsock_fd *entry) {
    bool waits_here = unsock_send_limit_unseen || __atomic_load_n(&in_vain, __ATOMIC_RELAXED);
    return (entry->flags & UNSOCK_DATAGRAM_MANY) || waits_here ? MSG_DONTWAIT : 0;
}

/* Notes an unsuccessful wait: the next waits for this receiver are shorter, or left out. */
static void note_vain(struct receiver *receiver, int64_t waited) {
    receiver->waited += waited;
    receiver->vain = UNSOCK_MIN(receiver->vain + 1, VAIN_MOST);
    __atomic_store_n(&in_vain, true, __ATOMIC_RELAXED);
}

static long pause_and_try(int fd, const struct msghdr *message, int flags, int64_t begun, int64_t most) {
    struct timespec pause = {0, PAUSE_FIRST_NS};
    long result = -EAGAIN;
    for (int64_t waited = 0; result == -EAGAIN && waited < most;
         waited = unsock_clock_ns() - begun, pause.tv_nsec *= 2) {
        unsock_nanosleep(&pause, NULL);
        result = unsock_sendmsg(fd, message, flags | MSG_DONTWAIT);
    }
    return result;
}

/* Retries for a short time only: other receivers wait meanwhile, or the send is non-blocking. Returns -EAGAIN at once
 * if the time for waits in this second is used up, for this receiver or for all receivers together. */
static long wait_briefly(int fd, const struct msghdr *message, int flags, struct receiver *receiver, bool many) {
    int64_t begun = unsock_clock_ns();
    int64_t most = (many ? AMONG_MANY_MOST_NS >> receiver->vain : ALONE_MOST_NS) - receiver->waited;
    if (many)
        most = UNSOCK_MIN(most, ALL_MOST_NS - begin_second(&all_receivers, begun)->waited);
    if (most <= 0)
        return -EAGAIN;
    long result = pause_and_try(fd, message, flags, begun, UNSOCK_MIN(most, PAUSES_MOST_NS));
    int64_t waited = unsock_clock_ns() - begun;
    if (many)
        all_receivers.waited += result == -EAGAIN ? waited : waited / READING_SHARE;
    /* With several receivers, one unsuccessful wait, however short, uses up this receiver's waits for this second. */
    if (result == -EAGAIN)
        note_vain(receiver, many ? ALONE_MOST_NS : waited);
    else
        receiver->vain = 0;
    return result;
}

static long count_sleeps(void) {
    struct rusage usage = {0};
    unsock_getrusage(UNSOCK_RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

/* Waits up to `most` nanoseconds for room in the receiver's queue. True if the receiver has read a datagram: each read
 * wakes every thread that polls for room, even if another sender then takes the room. `stops`: how often a tracer stops
 * this thread at each call; these stops are no wake-ups. */
static bool watch_receiver(int fd, int64_t most, long stops) {
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    int64_t end = unsock_clock_ns() + most;
    long result = -EINTR, before = count_sleeps(), own = stops;
    for (; result == -EINTR && most > 0; most = end - unsock_clock_ns(), own += 1 + 2 * stops) {
        struct timespec time = {0, most};
        result = unsock_ppoll(&room, 1, &time, NULL, 0);
    }
    return result > 0 || count_sleeps() - before > own;
}

/* Returns how many runnable threads share a processor: a receiver that waits for a processor cannot read. */
UNSOCK_OWN_FRAME static uint64_t processor_share(void) {
    struct unsock_lines lines;
    struct unsock_span line = {0}, word = {0};
    uint64_t mask[16] = {0}, processors = 0, running = 0;
    long size = unsock_sched_getaffinity(0, sizeof(mask), mask);
    for (long i = 0; i < size / (long)sizeof(mask[0]); i++)
        for (; mask[i] != 0; mask[i] &= mask[i] - 1)
            processors++;
    unsock_lines_open(&lines, "/proc/loadavg");
    unsock_lines_next(&lines, &line);
    for (int i = 0; i < 4; i++)
        word = unsock_lines_word(&line);
    unsock_lines_close(&lines);
    if (processors == 0 || !unsock_span_number(unsock_span_next(&word, '/'), 10, UINT32_MAX, &running))
        return 1;
    return UNSOCK_MIN(running / processors + 1, SHARES_MOST);
}

/* Waits for a sender's only receiver as long as the receiver reads. The kernel wakes waiting senders in turn. But new
 * senders may take a free place first. So this function also watches whether the receiver reads. */
static long wait_in_turn(int fd, const struct msghdr *message, int flags, struct receiver *receiver) {
    long watched = fd;
    if (message->msg_name && unsock_socket_writable(fd)) { /* else `fd` is connected, or its own buffer is full */
        watched = unsock_socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        watched = unsock_opened(watched, unsock_connect(watched, message->msg_name, message->msg_namelen));
    }
    int64_t begun = unsock_clock_ns(), pause = WATCH_FIRST_NS, vain = 0;
    bool reads = false;
    long result = -EAGAIN, before = count_sleeps(), stops = count_sleeps() - before;
    while (result == -EAGAIN || result == -EINTR) {
        if (!reads)
            reads = watch_receiver((int)watched, pause, stops);
        vain = reads ? 0 : vain + pause;
        int64_t waited = unsock_clock_ns() - begun;
        bool late = waited > LATE_NS && waited > 2 * receiver->usual; /* on a busy machine long waits are usual */
        pause = late || reads ? WATCH_FIRST_NS : UNSOCK_MIN(2 * pause, WATCH_MOST_NS);
        before = count_sleeps();
        result = unsock_sendmsg(fd, message, reads && !late ? flags : flags | MSG_DONTWAIT);
        reads = reads && count_sleeps() - before > 1 + 2 * stops;
        if (result == -EAGAIN && vain >= UNSOCK_SEND_LIMIT_NS &&
            vain >= UNSOCK_SEND_LIMIT_NS * (int64_t)processor_share())
            break;
    }
    if (watched != fd)
        unsock_close(watched);
    receiver->usual += (unsock_clock_ns() - begun - receiver->usual) / 4;
    if (result == -EAGAIN)
        note_vain(receiver, ALONE_MOST_NS);
    return result;
}

/* A blocking send to the only receiver waits as long as the receiver reads. If the receiver does not read for about
 * 100 ms (more on a busy machine, less with a shorter SO_SNDTIMEO), drops the datagram, as UDP may. Other sends wait a
 * moment, or not at all on a connected non-blocking socket: poll reports when to retry. Never returns EINTR: UDP does
 * not wait. Bounds a server's waits in a second, for each client and in total: some clients never read. */
long unsock_datagram_full(int fd, struct unsock_fd *entry, const struct msghdr *message, int flags) {
    long size = unsock_segment_total(message);
    bool connected = unsock_state_is_connected(entry->state);
    /* Once the waits for a receiver have reached this second's limit, drops the datagram after its one failed send. */
    if (!connected && find_receiver(key_of_receiver(entry, message), unsock_clock_ns())->waited >= ALONE_MOST_NS)
        return size;
    bool nonblocking = (flags & MSG_DONTWAIT) || unsock_socket_nonblocking(fd) == 1;
    /* Unread datagrams fill the sender's own buffer, too: this buffer may be full instead of the receiver's queue. */
    long result = unsock_send_limit_relieve(fd) ? unsock_sendmsg(fd, message, flags | MSG_DONTWAIT) : -EAGAIN;
    if (result != -EAGAIN || (nonblocking && connected))
        return result;
    int64_t time = unsock_clock_ns();
    struct receiver *receiver = find_receiver(key_of_receiver(entry, message), time);
    bool many = is_among_many(fd, entry, time);
    int32_t own = unsock_option_number(fd, entry, SOL_SOCKET, SO_SNDTIMEO);
    if (nonblocking || many)
        result = wait_briefly(fd, message, flags, receiver, many);
    else if (own <= 0 || own > UNSOCK_SEND_LIMIT_NS / UNSOCK_MILLISECOND_NS) /* else `own` ended the kernel's wait */
        result = wait_in_turn(fd, message, flags, receiver);
    return result == -EAGAIN || result == -EINTR ? size : result;
}
