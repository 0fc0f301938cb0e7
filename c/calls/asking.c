/* Remembers the connects that wait for the answer of a vsock multiplexer (Firecracker's, calls/target.h), in a table
 * with a place for each socket. While one thread uses a place, other threads get -EINPROGRESS: no answer yet. */
#include "calls/target.h"

#include "calls/connect.h"
#include "kernel/log.h"
#include "memory/process.h"
#include "replace/replace.h"

#include <linux/poll.h>

#define PLACES 128

enum { FREE, IDLE, BUSY };

struct place {
    int use;
    int fd;
    uint64_t cookie; /* the same for all duplicates of a socket; 0 if a seccomp filter forbids reading it */
    struct unsock_firecracker asked;
};

int unsock_asking_count;
static UNSOCK_TABLE struct place asking_places[PLACES];

static bool change(struct place *place, int from, int to) {
    return __atomic_compare_exchange_n(&place->use, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

static void release_place(struct place *place) {
    __atomic_store_n(&place->use, FREE, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&unsock_asking_count, 1, __ATOMIC_RELAXED);
}

static struct place *find_asking(int fd) {
    uint64_t cookie = unsock_socket_cookie(fd);
    for (int i = 0; i < PLACES; i++) {
        struct place *place = &asking_places[i];
        bool used = __atomic_load_n(&place->use, __ATOMIC_ACQUIRE) != FREE;
        if (used && (cookie ? place->cookie == cookie : place->fd == fd))
            return place;
    }
    return NULL;
}

/* False also in a trapped program, where the library does not get all calls that wait, and under a seccomp filter. */
bool unsock_asking_has_room(void) {
    return !unsock_sandboxed && __atomic_load_n(&unsock_asking_count, __ATOMIC_RELAXED) < PLACES / 2 &&
           !unsock_is_trapped();
}

void unsock_asking_begin(int fd, const struct unsock_firecracker *asked) {
    for (int i = 0; i < PLACES; i++) {
        struct place *place = &asking_places[i];
        if (!change(place, FREE, BUSY))
            continue;
        place->fd = fd;
        place->cookie = unsock_socket_cookie(fd);
        place->asked = *asked;
        __atomic_fetch_add(&unsock_asking_count, 1, __ATOMIC_RELAXED);
        __atomic_store_n(&place->use, IDLE, __ATOMIC_RELEASE);
        return;
    }
}

void unsock_asking_forget(int fd, const struct unsock_fd *entry) {
    struct place *place = unsock_fd_is_duplicated(entry) ? NULL : find_asking(fd);
    if (place && change(place, IDLE, BUSY))
        release_place(place);
}

/* Ends the connect with `result`: 0; or -errno if the multiplexer has refused, or has not answered in time. */
static void end(int fd, struct unsock_fd *entry, long result) {
    struct unsock_ip asked = *unsock_fd_remote(entry);
    unsock_log("connect", fd, &asked, NULL, result);
    if (result < 0) {
        unsock_refusal_tell_later(fd, entry, asked.family, result);
        unsock_fds_tell_duplicates(fd);
        return;
    }
    unsock_fd_enter(entry, UNSOCK_STATE_CONNECTING);
    unsock_fds_tell_duplicates(fd);
    /* Registers the events that unsock_epoll_asked has held back. */
    unsock_epoll_rearm(fd, entry);
}

/* Reads the multiplexer's answer. Waits until the time `until` (unsock_clock_ms); 0: does not wait. A connect without a
 * place in the table counts as timed out. The process that has read the answer marks the socket: a forked child has a
 * copy of the table, and must not read the bytes after the answer, which are the program's, as a second answer. */
static long look_at_asking(int fd, struct unsock_fd *entry, int64_t until) {
    struct place *place = find_asking(fd);
    if (!place) {
        end(fd, entry, -ETIMEDOUT);
        return 0;
    }
    if (!change(place, IDLE, BUSY))
        return -EINPROGRESS;
    unsigned mark = unsock_socket_mark(fd);
    long result = mark & UNSOCK_MARK_ANSWERED ? 0
                  : until == 0                ? unsock_firecracker_answer(fd, &place->asked)
                                              : unsock_firecracker_await(fd, &place->asked, until);
    if (result == 0)
        unsock_socket_mark_set(fd, mark, UNSOCK_MARK_ANSWERED);
    if (result == -EINPROGRESS || result == -EINTR) {
        __atomic_store_n(&place->use, IDLE, __ATOMIC_RELEASE);
        return result;
    }
    end(fd, entry, result);
    release_place(place);
    return 0;
}

long unsock_asking_look(int fd) {
    struct unsock_fd *entry = unsock_asking(fd);
    return entry ? look_at_asking(fd, entry, 0) : 0;
}

long unsock_asking_wait(int fd) {
    struct unsock_fd *entry;
    while ((entry = unsock_asking(fd))) {
        long result = look_at_asking(fd, entry, INT64_MAX);
        if (result != -EINPROGRESS)
            return result;
        /* Another thread is reading the answer. */
        unsock_pause(UNSOCK_MILLISECOND_NS);
    }
    return 0;
}

long unsock_asking_settle(int fd, struct unsock_fd *entry) {
    if (unsock_socket_nonblocking(fd) == 0)
        return unsock_asking_wait(fd);
    return look_at_asking(fd, entry, 0) == 0 ? 0 : -EAGAIN;
}

long unsock_asking_connect(int fd, struct unsock_fd *entry) {
    long result = unsock_socket_nonblocking(fd) == 0 ? unsock_asking_wait(fd) : unsock_asking_look(fd);
    if (result < 0)
        return result == -EINPROGRESS ? -EALREADY : result;
    if (unsock_fd_is_refused(entry))
        return unsock_refusal_tell(fd, entry);
    unsock_fd_enter(entry, UNSOCK_STATE_CONNECTED);
    return 0;
}

int64_t unsock_asking_next(int64_t most) {
    int64_t first = INT64_MAX;
    for (int i = 0; i < PLACES; i++)
        if (__atomic_load_n(&asking_places[i].use, __ATOMIC_ACQUIRE) == IDLE)
            first = UNSOCK_MIN(first, asking_places[i].asked.deadline);
    int64_t left = first == INT64_MAX ? most : first - unsock_clock_ms();
    return left < 0 ? 0 : UNSOCK_MIN(left, most);
}

/* Returns a descriptor of the place's socket: the original one; or a duplicate, if the original is closed; or -1. */
static int find_descriptor(const struct place *place) {
    int fd = place->fd;
    for (int other = 0; !unsock_asking(fd) || unsock_socket_cookie(fd) != place->cookie; other++) {
        if (other == unsock_fds_end())
            return -1;
        fd = other;
    }
    return fd;
}

int unsock_asking_expire(void) {
    int told = 0;
    int64_t now = unsock_clock_ms();
    for (int i = 0; i < PLACES; i++) {
        struct place *place = &asking_places[i];
        if (__atomic_load_n(&place->use, __ATOMIC_ACQUIRE) != IDLE || place->asked.deadline > now)
            continue;
        int fd = find_descriptor(place);
        if (fd >= 0)
            told += unsock_asking_look(fd) == 0;
        else if (change(place, IDLE, BUSY))
            release_place(place);
    }
    return told;
}
