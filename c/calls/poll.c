/* poll and ppoll. The program gets the kernel's events, except hang-ups that TCP would not report yet, and POLLIN where
 * only an urgent byte waits. A descriptor that waits for its vsock multiplexer (calls/asking.c) is not ready. To learn
 * of urgent bytes, the library adds POLLPRI to `events` in the program's memory, if that is certainly writable. */
#include "calls/list.h"

#include "calls/stream.h"
#include "calls/target.h"
#include "kernel/socket_info.h"
#include "rt/user.h"

#include <linux/poll.h>

#define FEW 16 /* the most descriptors whose copy is on the stack */
#define DRAINED 8
#define FOREVER INT64_MAX
#define READABLE (POLLIN | POLLRDNORM)
#define MARK 0x4000 /* a bit of `events` that the kernel ignores: the library added POLLPRI */
#define ARRAYS 16

struct wait {
    struct pollfd *fds;
    unsigned long count;
    int64_t timeout;     /* nanoseconds, or FOREVER */
    int64_t begun;       /* by unsock_libc_clock */
    const void *signals; /* ppoll's signal mask, or NULL */
    bool marked;         /* POLLPRI was added for the first poll */
};

/* Returns the place that remembers an array by its address and length. Programs reuse their arrays: memory to which the
 * kernel has written once counts as writable. */
static uint64_t *place_of_array(const struct pollfd *fds, unsigned long count, uint64_t *array) {
    static uint64_t arrays[ARRAYS];
    *array = (uint64_t)(uintptr_t)fds << 16 | (count & 0xffff);
    return &arrays[(uintptr_t)fds / 16 % ARRAYS];
}

/* Adds POLLPRI to the events of streams. Returns false, and adds nothing, if the array may not be writable or is too
 * long to be remembered, or if the program has installed a seccomp filter. */
static bool mark_urgent(struct pollfd *fds, unsigned long count) {
    uint64_t array, *place = place_of_array(fds, count, &array);
    bool known = unsock_user_is_certain(fds, count * sizeof(*fds)) || __atomic_load_n(place, __ATOMIC_RELAXED) == array;
    if (unsock_sandboxed || count > 0xffff || !known)
        return false;
    for (unsigned long i = 0; i < count; i++)
        if ((fds[i].events & READABLE) && !(fds[i].events & (POLLPRI | MARK)) && unsock_stream_is_known(fds[i].fd))
            fds[i].events |= POLLPRI | MARK;
    return true;
}

/* Removes the added POLLPRI. Returns true if some event may be one that TCP would not report. */
static bool unmark(struct pollfd *fds, unsigned long count, long ready) {
    short odd_ones =
        POLLHUP | POLLERR | POLLPRI | (__atomic_load_n(&unsock_urgent_met, __ATOMIC_RELAXED) ? READABLE : 0);
    bool odd = false;
    for (unsigned long i = 0; i < count; i++) {
        odd |= (fds[i].revents & odd_ones) != 0;
        if (fds[i].events & MARK)
            fds[i].events &= (short)~(POLLPRI | MARK);
    }
    return odd && ready > 0;
}

/* Returns as unmark. If a descriptor is ready, remembers the array: the next call with this array adds POLLPRI. */
static bool may_be_odd(const struct pollfd *fds, unsigned long count, long ready) {
    uint64_t array, *place = place_of_array(fds, count, &array);
    bool odd = false;
    if (ready <= 0)
        return false;
    for (unsigned long i = 0; i < count && !odd; i++)
        odd = (fds[i].revents & (POLLHUP | POLLERR)) ||
              ((fds[i].revents & READABLE) && unsock_stream_is_known(fds[i].fd));
    __atomic_store_n(place, array, __ATOMIC_RELAXED);
    return odd;
}

/* Removes the events that TCP would not report. Returns how many descriptors stay ready. `unasked`: POLLPRI if the
 * kernel's poll was not asked for POLLPRI, which may then have occurred unreported; else 0. */
static long correct_answers(struct pollfd *fds, unsigned long count, long ready, short unasked) {
    for (unsigned long i = 0; i < count; i++) {
        short said = fds[i].revents;
        if (said != 0 && unsock_asking(fds[i].fd))
            said = unsock_asking_look(fds[i].fd) == 0 ? (short)unsock_socket_poll(fds[i].fd, fds[i].events) : 0;
        if (unsock_reset_take(fds[i].fd, (uint16_t)(said | unasked)))
            said = (short)unsock_socket_poll(fds[i].fd, fds[i].events);
        if (said & (POLLHUP | POLLERR))
            said = (short)unsock_hangup_as_tcp(fds[i].fd, (uint16_t)said);
        if (unsock_urgent_alone(fds[i].fd, (uint16_t)said | (uint16_t)(fds[i].revents & POLLHUP)))
            said &= ~READABLE;
        said &= fds[i].events | POLLERR | POLLHUP | POLLNVAL;
        ready -= fds[i].revents != 0 && said == 0;
        fds[i].revents = said;
    }
    return ready;
}

static long ask_now(const struct wait *wait) {
    long ready = unsock_real_poll(wait->fds, wait->count, 0);
    return ready > 0 ? correct_answers(wait->fds, wait->count, ready, POLLPRI) : ready;
}

/* Fills `copy` for a wait. Moves descriptors that have hung up, or have only an urgent byte, into an edge-triggered
 * epoll set, which reports only further changes. Returns the set; or -errno: then the wait omits these descriptors. */
static long watch_quiet(const struct wait *wait, struct pollfd *copy) {
    static const struct timespec now = {0, 0};
    struct unsock_epoll_event drained[DRAINED];
    struct pollfd *place = NULL;
    long set = unsock_epoll_create1(O_CLOEXEC);
    for (unsigned long i = 0; i < wait->count; i++) {
        struct pollfd one = {.fd = wait->fds[i].fd, .events = wait->fds[i].events};
        copy[i] = one;
        if (one.fd < 0)
            continue;
        if (unsock_asking(one.fd)) {
            copy[i].events = POLLIN;
            continue;
        }
        struct pollfd probe = one;
        if (unsock_ppoll(&probe, 1, &now, NULL, 0) != 1 ||
            !((probe.revents & POLLHUP) || unsock_urgent_alone(one.fd, (uint16_t)probe.revents)))
            continue;
        copy[i].fd = -1;
        struct unsock_epoll_event edge = {.events = EPOLLET | (uint16_t)one.events};
        if (set >= 0)
            unsock_epoll_ctl(set, EPOLL_CTL_ADD, one.fd, &edge);
        place = place ? place : &copy[i];
    }
    if (set >= 0 && place)
        *place = (struct pollfd){.fd = (int)set, .events = POLLIN};
    while (set >= 0 && unsock_epoll_pwait(set, drained, DRAINED, 0, NULL, 8) == DRAINED)
        ;
    return set;
}

static int64_t poll_until_answer(int64_t end) {
    if (__atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) == 0)
        return end;
    int64_t most = FOREVER / UNSOCK_SECOND_NS, next = unsock_asking_next(most);
    return next == most ? end : UNSOCK_MIN(end, unsock_clock_ns() + next * (UNSOCK_SECOND_NS / 1000));
}

/* Waits until something changes, until `end` (unsock_clock_ns), or until a vsock multiplexer's deadline. Returns as
 * poll does; but the caller must poll once more for the events. */
static long wait_for_events(const struct wait *wait, struct pollfd *copy, int64_t end) {
    struct timespec left = {0, 0};
    long set = watch_quiet(wait, copy);
    /* Finds changes that came before the set was made. */
    long ready = ask_now(wait);
    end = poll_until_answer(end);
    int64_t rest = end == FOREVER ? 0 : end - unsock_clock_ns();
    if (end != FOREVER && rest > 0)
        left = (struct timespec){rest / UNSOCK_SECOND_NS, rest % UNSOCK_SECOND_NS};
    if (ready == 0)
        ready = unsock_real_ppoll(copy, wait->count, end == FOREVER ? NULL : &left, wait->signals);
    unsock_close_open(set);
    return ready;
}

/* Continues the wait after the kernel reported only events that TCP would not. */
static long wait_on(const struct wait *wait) {
    struct pollfd few[FEW], *copy = few;
    size_t size = wait->count * sizeof(struct pollfd);
    int64_t end = FOREVER;
    long ready;
    if (wait->timeout != FOREVER) {
        int64_t waited = unsock_libc_waited(wait->begun);
        end = unsock_clock_ns() + (wait->timeout > waited ? wait->timeout - waited : 0);
    }
    if (wait->count > FEW) {
        copy = unsock_map(size);
        if (!copy)
            return -ENOMEM;
    }
    do {
        ready = wait_for_events(wait, copy, end);
        if (ready == 0 && __atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) > 0)
            unsock_asking_expire();
        if (ready < 0)
            break;
        ready = ask_now(wait);
    } while (ready == 0 && (end == FOREVER || unsock_clock_ns() < end));
    if (copy != few)
        unsock_unmap(copy, size);
    return ready;
}

UNSOCK_OWN_FRAME static long judge(const struct wait *wait, long ready) {
    if (ready > 0)
        ready = correct_answers(wait->fds, wait->count, ready, wait->marked ? 0 : POLLPRI);
    return ready == 0 && wait->timeout != 0 ? wait_on(wait) : ready;
}

/* True if a descriptor waits for its vsock multiplexer's answer. The kernel would report it as writable at once. */
static bool waits_for_answer(const struct pollfd *fds, unsigned long count) {
    if (__atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) == 0 ||
        !unsock_user_readable(fds, count * sizeof(*fds)))
        return false;
    for (unsigned long i = 0; i < count; i++)
        if (unsock_asking(fds[i].fd))
            return true;
    return false;
}

long unsock_call_poll(struct pollfd *fds, unsigned long count, int timeout) {
    int64_t begun = timeout > 0 ? unsock_libc_clock() : 0;
    struct wait wait = {fds, count, timeout < 0 ? FOREVER : timeout * (int64_t)1000000, begun, NULL, false};
    if (waits_for_answer(fds, count))
        return judge(&wait, unsock_real_poll(fds, count, 0));
    bool marked = wait.marked = mark_urgent(fds, count);
    long ready = unsock_real_poll(fds, count, timeout);
    if (!(marked ? unmark(fds, count, ready) : may_be_odd(fds, count, ready)))
        return ready;
    return judge(&wait, ready);
}

long unsock_call_ppoll(struct pollfd *fds, unsigned long count, const struct timespec *timeout, const void *signals) {
    struct timespec time;
    int64_t begun = timeout ? unsock_libc_clock() : 0;
    struct wait wait = {fds, count, FOREVER, begun, signals, false};
    bool answers = waits_for_answer(fds, count), marked = wait.marked = !answers && mark_urgent(fds, count);
    long ready = answers ? unsock_real_poll(fds, count, 0) : unsock_real_ppoll(fds, count, timeout, signals);
    if (!answers && !(marked ? unmark(fds, count, ready) : may_be_odd(fds, count, ready)))
        return ready;
    if (timeout && unsock_user_read(&time, timeout, sizeof(time)) == 0 && time.tv_sec < FOREVER / UNSOCK_SECOND_NS)
        wait.timeout = time.tv_sec * UNSOCK_SECOND_NS + time.tv_nsec;
    return judge(&wait, ready);
}
