/* What descriptors are registered with in epoll sets. */
#include "memory/watches.h"

#include "memory/fds.h"
#include "rt/system_calls.h"

#define CHUNK UNSOCK_FDS_CHUNK
#define CHUNKS 1024
#define MORE 256    /* of descriptors in several sets: the oldest give way */
#define PLACES 8192 /* descriptors by their data; the newest wins */

static UNSOCK_TABLE struct unsock_watch first_chunk[CHUNK];
static void *chunks[CHUNKS] = {first_chunk};
static UNSOCK_TABLE struct {
    struct unsock_watch watch;
    int32_t fd;
} more[MORE];
static unsigned more_used;
static UNSOCK_TABLE int32_t places[PLACES]; /* the descriptor, plus 1 */

/* NULL: nothing is remembered about it. */
static struct unsock_watch *at(int fd, bool make) {
    unsigned number = (unsigned)fd;
    if (number >= CHUNK * CHUNKS)
        return NULL;
    struct unsock_watch *chunk = __atomic_load_n(&chunks[number / CHUNK], __ATOMIC_ACQUIRE);
    if (!chunk && make)
        chunk = unsock_table_chunk(&chunks[number / CHUNK], CHUNK * sizeof(*chunk));
    return chunk ? &chunk[number % CHUNK] : NULL;
}

static int32_t *place_of(int32_t set, uint64_t data) {
    return &places[((data ^ (uint64_t)(uint32_t)set << 32) * 0x9e3779b97f4a7c15u >> 32) % PLACES];
}

static int32_t set_of(const struct unsock_watch *watch) {
    return __atomic_load_n(&watch->set, __ATOMIC_ACQUIRE);
}

static bool is(const struct unsock_watch *watch, int32_t set, uint64_t data) {
    return set_of(watch) == set && __atomic_load_n(&watch->data, __ATOMIC_RELAXED) == data;
}

static void put(struct unsock_watch *watch, int32_t set, uint64_t data, uint32_t events) {
    __atomic_store_n(&watch->set, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->data, data, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->events, events, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->set, set, __ATOMIC_RELEASE);
}

static unsigned more_end(void) {
    return UNSOCK_MIN(__atomic_load_n(&more_used, __ATOMIC_RELAXED), (unsigned)MORE);
}

/* Where its registration in this set is remembered. */
static struct unsock_watch *find_registration(int32_t set, int fd) {
    struct unsock_watch *watch = at(fd, false);
    if (watch && set_of(watch) == set)
        return watch;
    for (unsigned i = 0; i < more_end(); i++)
        if (more[i].fd == fd && set_of(&more[i].watch) == set)
            return &more[i].watch;
    return NULL;
}

/* Registered in another set before, perhaps still. */
static void keep_old(int fd, const struct unsock_watch *old) {
    unsigned i = __atomic_fetch_add(&more_used, 1, __ATOMIC_RELAXED) % MORE;
    more[i].fd = fd;
    put(&more[i].watch, old->set, old->data, old->events);
}

void unsock_watch_note(int set, int fd, const struct unsock_epoll_event *event) {
    int32_t identity = unsock_epoll_identity(set) + 1;
    struct unsock_watch *watch = find_registration(identity, fd);
    if (!watch) {
        watch = at(fd, true);
        if (!watch)
            return;
        if (set_of(watch) != 0)
            keep_old(fd, watch);
    }
    put(watch, identity, event->data, event->events);
    __atomic_store_n(place_of(identity, event->data), fd + 1, __ATOMIC_RELAXED);
}

void unsock_watch_forget(int set, int fd) {
    struct unsock_watch *watch = find_registration(unsock_epoll_identity(set) + 1, fd);
    if (watch)
        __atomic_store_n(&watch->set, 0, __ATOMIC_RELAXED);
}

static int find_from(int32_t set, uint64_t data, int from, struct unsock_watch **watch) {
    int end = CHUNK * CHUNKS;
    for (int fd = from; fd < end; fd++) {
        *watch = at(fd, false);
        if (!*watch)
            fd |= CHUNK - 1;
        else if (is(*watch, set, data))
            return fd;
    }
    for (unsigned i = 0; i < more_end(); i++) {
        *watch = &more[i].watch;
        if (more[i].fd >= from && is(*watch, set, data))
            return more[i].fd;
    }
    return -1;
}

int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch) {
    int32_t identity = unsock_epoll_identity(set) + 1;
    if (from >= 0)
        return find_from(identity, data, from, watch);
    const int guesses[] = {__atomic_load_n(place_of(identity, data), __ATOMIC_RELAXED) - 1, (int32_t)data};
    for (int i = 0; i < 2; i++) {
        *watch = at(guesses[i], false);
        if (*watch && is(*watch, identity, data))
            return guesses[i];
    }
    return find_from(identity, data, 0, watch);
}
