/* epoll's calls. The program gets the kernel's events, except hang-ups that TCP would not report yet, and EPOLLIN where
 * only an urgent byte waits (calls/stream_events.c). The kernel would report such an event again and again. So the
 * library makes the registration quiet, that is, edge-triggered, until the next event that the program gets. */
#include "calls/list.h"

#include "calls/stream.h"
#include "calls/target.h"
#include "replace/replace.h"
#include "rt/user.h"

#include <linux/poll.h>

#define READABLE (EPOLLIN | EPOLLRDNORM)
#define FOREVER INT64_MAX

static bool is_any_asking(void) {
    return __atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) > 0;
}

static uint32_t oddities(void) {
    bool reads = __atomic_load_n(&unsock_urgent_met, __ATOMIC_RELAXED) || is_any_asking();
    return EPOLLHUP | EPOLLERR | EPOLLPRI | (reads ? READABLE : 0);
}

static bool has_odd(const struct unsock_epoll_event *events, long count) {
    uint32_t odd = oddities();
    for (long i = 0; i < count; i++)
        if (events[i].events & odd)
            return true;
    return false;
}

/* Finds the event's descriptor. If several have its epoll data, prefers one whose registration is not quiet yet. */
static int find_watched(int set, const struct unsock_epoll_event *event, struct unsock_watch **watch) {
    struct unsock_watch *here;
    uint64_t data = event->data;
    int quiet = -1, fd = unsock_watch_find(set, data, -1, &here);
    for (; fd >= 0; fd = unsock_watch_find(set, data, fd + 1, &here)) {
        bool is_quiet = here->events & UNSOCK_WATCH_QUIET;
        /* The event may be another descriptor's. */
        if (!is_quiet && !((uint32_t)unsock_socket_poll(fd, POLLPRI | READABLE) & event->events &
                           (EPOLLHUP | EPOLLERR | EPOLLPRI | READABLE)))
            continue;
        *watch = here;
        if (!is_quiet)
            return fd;
        quiet = fd;
        if (here->data == (uint64_t)fd)
            break;
    }
    return quiet;
}

static bool change_registration(int set, int fd, const struct unsock_watch *watch, uint32_t events) {
    struct unsock_epoll_event event = {unsock_epoll_asked(unsock_fds_known(fd), events), watch->data};
    return unsock_epoll_ctl(set, EPOLL_CTL_MOD, fd, &event) == 0;
}

/* Makes the registration quiet: TCP would not report the event. True if the kernel refuses: report the event then. */
static bool fall_silent(int set, int fd, struct unsock_watch *watch) {
    uint32_t events = watch->events;
    if (events & UNSOCK_WATCH_QUIET || (events & (EPOLLET | EPOLLONESHOT)) == EPOLLET)
        return false;
    if (!change_registration(set, fd, watch, (events & ~(EPOLLONESHOT | UNSOCK_WATCH_MARKS)) | EPOLLET))
        return true;
    __atomic_fetch_or(&watch->events, UNSOCK_WATCH_QUIET, __ATOMIC_RELAXED);
    return false;
}

/* Restores a quiet registration, as the program gets an event; a one-shot registration only counts as fired. Returns
 * true if this thread must report the event: for a one-shot registration, only the first thread must. */
static bool speak(int set, int fd, struct unsock_watch *watch) {
    uint32_t events = watch->events;
    if (events & EPOLLONESHOT)
        return !(__atomic_fetch_or(&watch->events, UNSOCK_WATCH_FIRED, __ATOMIC_RELAXED) & UNSOCK_WATCH_FIRED);
    __atomic_fetch_and(&watch->events, ~UNSOCK_WATCH_MARKS, __ATOMIC_RELAXED);
    change_registration(set, fd, watch, events & ~UNSOCK_WATCH_MARKS);
    return true;
}

/* True if the event is the answer of a vsock multiplexer to a connect (calls/asking.c). Reads this answer. The
 * descriptor then has no other event. */
static bool is_answer(int set, const struct unsock_epoll_event *event) {
    struct unsock_watch *watch;
    int fd = is_any_asking() ? unsock_watch_find(set, event->data, -1, &watch) : -1;
    while (fd >= 0 && !unsock_asking(fd))
        fd = unsock_watch_find(set, event->data, fd + 1, &watch);
    if (fd >= 0)
        unsock_asking_look(fd);
    return fd >= 0;
}

/* Changes the event to the one that TCP would report. Returns false if TCP would report none. */
static bool correct_event(int set, struct unsock_epoll_event *event) {
    struct unsock_watch *watch = NULL;
    if (is_answer(set, event))
        return false;
    int fd = event->events & oddities() ? find_watched(set, event, &watch) : -1;
    if (fd < 0)
        return true;
    uint32_t events = event->events;
    uint32_t asked = (watch->events & ~UNSOCK_WATCH_MARKS) | EPOLLERR | EPOLLHUP;
    if (unsock_reset_take(fd, events)) {
        event->events = (uint32_t)unsock_socket_poll(fd, (short)asked) & asked;
        return true;
    }
    if (events & (EPOLLHUP | EPOLLERR))
        events = unsock_hangup_as_tcp(fd, events) & (events | watch->events | EPOLLERR | EPOLLHUP);
    if (unsock_urgent_alone(fd, event->events))
        events &= ~READABLE;
    if (!(watch->events & EPOLLPRI))
        events &= ~EPOLLPRI;
    if (events == 0 && fall_silent(set, fd, watch))
        return true;
    event->events = events;
    return events != 0 && (!(watch->events & UNSOCK_WATCH_QUIET) || speak(set, fd, watch));
}

UNSOCK_OWN_FRAME static long correct_all(int set, struct unsock_epoll_event *events, long count) {
    long kept = 0;
    for (long i = 0; i < count; i++) {
        struct unsock_epoll_event event = events[i];
        if (correct_event(set, &event))
            events[kept++] = event;
    }
    return kept;
}

static int64_t left_of(int64_t timeout, int64_t begun) {
    if (timeout == FOREVER || timeout == 0)
        return timeout;
    int64_t waited = unsock_libc_waited(begun);
    return timeout > waited ? timeout - waited : 0;
}

long unsock_call_epoll_pwait(int set, struct unsock_epoll_event *events, int most, int timeout, const void *signals) {
    int64_t begun = timeout > 0 ? unsock_libc_clock() : 0, whole = timeout < 0 ? FOREVER : timeout * (int64_t)1000000;
    for (;;) {
        /* Wakes up at the deadline of a vsock multiplexer's answer (calls/asking.c), to report the failed connect. */
        int until = is_any_asking() ? (int)unsock_asking_next(timeout < 0 ? INT32_MAX : timeout) : timeout;
        long count = signals ? unsock_real_epoll_pwait(set, events, most, until, signals)
                             : unsock_real_epoll_wait(set, events, most, until);
        bool early = count == 0 && until != timeout;
        if (early)
            unsock_asking_expire();
        if (!early && (count <= 0 || !has_odd(events, count)))
            return count;
        count = correct_all(set, events, count);
        if (count > 0)
            return count;
        timeout = timeout < 0 ? timeout : (int)((left_of(whole, begun) + 999999) / 1000000);
    }
}

long unsock_call_epoll_wait(int set, struct unsock_epoll_event *events, int most, int timeout) {
    return unsock_call_epoll_pwait(set, events, most, timeout, NULL);
}

long unsock_call_epoll_pwait2(int set, struct unsock_epoll_event *events, int most, const struct timespec *timeout,
                              const void *signals) {
    struct timespec time;
    int64_t whole = FOREVER, begun = timeout ? unsock_libc_clock() : 0;
    /* While a connect waits for its vsock multiplexer's answer, whole milliseconds are enough. */
    if (is_any_asking() && (!timeout || (unsock_user_read(&time, timeout, sizeof(time)) == 0 && time.tv_sec >= 0))) {
        bool ends = timeout && time.tv_sec < INT32_MAX / 1000;
        int limit = ends ? (int)(time.tv_sec * 1000 + (time.tv_nsec + 999999) / 1000000) : -1;
        return unsock_call_epoll_pwait(set, events, most, limit, signals);
    }
    for (;;) {
        long count = unsock_real_epoll_pwait2(set, events, most, timeout, signals);
        if (count <= 0 || !has_odd(events, count))
            return count;
        count = correct_all(set, events, count);
        if (count > 0)
            return count;
        if (!timeout || unsock_user_read(&time, timeout, sizeof(time)) < 0)
            continue;
        if (whole == FOREVER && time.tv_sec < FOREVER / UNSOCK_SECOND_NS)
            whole = time.tv_sec * UNSOCK_SECOND_NS + time.tv_nsec;
        int64_t left = left_of(whole, begun);
        time = (struct timespec){left / UNSOCK_SECOND_NS, left % UNSOCK_SECOND_NS};
        timeout = &time;
    }
}

static long note_new_set(long set) {
    if (set >= 0)
        unsock_epoll_note_new_set((int)set);
    return set;
}

long unsock_call_epoll_create1(int flags) {
    return note_new_set(unsock_epoll_create1(flags));
}

long unsock_call_epoll_create(int size) {
#ifdef __NR_epoll_create
    return note_new_set(unsock_epoll_create(size));
#else
    return size <= 0 ? -EINVAL : unsock_call_epoll_create1(0);
#endif
}

long unsock_call_epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    return unsock_epoll_control(set, operation, fd, event);
}
