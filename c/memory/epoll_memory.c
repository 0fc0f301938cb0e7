/* Remembers epoll sets and registrations. Each set has an identity, a serial number, which its duplicates share; a
 * later set with the same descriptor number gets a new identity. The chunks hold the latest registration of each
 * descriptor. `more` holds older registrations, in other sets. */
#include "memory/epoll_memory.h"

#include "memory/fds.h"

#define CHUNK UNSOCK_FDS_CHUNK
#define CHUNKS 1024
#define MORE 256    /* registrations in `more`; a new one overwrites the oldest that has not fired */
#define PLACES 8192 /* a hash table: the descriptor for a set and data; a collision overwrites */
#define MARKS 256   /* one for each set, by its identity; several sets may share one */

/* A bit of unsock_watch.set: the descriptor may also be registered in `more`, or in unknown sets. */
#define MANY (1u << 31)

struct chunk {
    struct unsock_watch watches[CHUNK];
    uint32_t sets[CHUNK]; /* the identity of the set with this descriptor number; 0: no set known */
};

static UNSOCK_TABLE struct chunk first_chunk;
static UNSOCK_TABLE void *watch_chunks[CHUNKS];
static uint32_t last_set;
int unsock_epoll_end;
static UNSOCK_TABLE struct {
    struct unsock_watch watch;
    int32_t fd;
} more[MORE];
static unsigned more_used;
static UNSOCK_TABLE int32_t places[PLACES]; /* the descriptor, plus 1 */
static uint8_t marks[MARKS];                /* 1: a set may have events that are not the kernel's own */
static UNSOCK_TABLE uint64_t with_set[CHUNK * CHUNKS / 64];

static inline struct chunk *chunk_of(int fd) {
    unsigned number = (unsigned)fd, end = (unsigned)__atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED);
    return number < end ? __atomic_load_n(&watch_chunks[number / CHUNK], __ATOMIC_ACQUIRE) : NULL;
}

static inline struct unsock_watch *at(int fd) {
    struct chunk *chunk = chunk_of(fd);
    return chunk ? &chunk->watches[fd % CHUNK] : NULL;
}

/* Returns a descriptor's chunk, made if need be. NULL if the number is too high or there is no memory. */
static struct chunk *make_chunk(int fd) {
    if ((unsigned)fd >= CHUNK * CHUNKS)
        return NULL;
    if (fd >= __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED))
        unsock_table_reach(&unsock_epoll_end, fd);
    return unsock_table_chunk(&watch_chunks[fd / CHUNK], fd < CHUNK ? &first_chunk : NULL, sizeof(first_chunk));
}

/* Returns the identity of the set with this descriptor number, or 0 if none is known. */
static inline uint32_t identity_of(int set) {
    struct chunk *chunk = chunk_of(set);
    return chunk ? __atomic_load_n(&chunk->sets[set % CHUNK], __ATOMIC_RELAXED) : 0;
}

static void set_identity(int set, uint32_t value) {
    struct chunk *chunk = make_chunk(set);
    if (!chunk)
        return;
    __atomic_store_n(&chunk->sets[set % CHUNK], value, __ATOMIC_RELAXED);
    unsock_bit_set(with_set, (unsigned)set);
}

static uint32_t new_identity(int set) {
    set_identity(set, __atomic_add_fetch(&last_set, 1, __ATOMIC_RELAXED) & ~MANY);
    return identity_of(set);
}

void unsock_epoll_mark(int set) {
    __atomic_store_n(&marks[identity_of(set) % MARKS], 1, __ATOMIC_SEQ_CST);
}

bool unsock_epoll_is_kernels(int set) {
    uint32_t identity = identity_of(set);
    return identity != 0 && !__atomic_load_n(&marks[identity % MARKS], __ATOMIC_RELAXED);
}

void unsock_epoll_note_new_set(int set) {
    unsock_epoll_forget(set);
    new_identity(set);
}

void unsock_epoll_duplicate_set(int from, int to) {
    if (identity_of(from) == 0)
        return;
    unsock_epoll_forget(to);
    set_identity(to, identity_of(from));
}

int unsock_epoll_next_set(int from) {
    int end = __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED);
    int set = unsock_bits_next(with_set, from, end);
    return set < end ? set : -1;
}

static int32_t *place_of_watch(uint32_t set, uint64_t data) {
    return &places[((data ^ (uint64_t)set << 32) * 0x9e3779b97f4a7c15u >> 32) % PLACES];
}

static uint32_t set_of(const struct unsock_watch *watch) {
    return __atomic_load_n(&watch->set, __ATOMIC_ACQUIRE) & ~MANY;
}

static bool is_many(const struct unsock_watch *first) {
    return (__atomic_load_n(&first->set, __ATOMIC_RELAXED) & MANY) != 0;
}

static bool is_watch(const struct unsock_watch *watch, uint32_t set, uint64_t data) {
    return set_of(watch) == set && __atomic_load_n(&watch->data, __ATOMIC_RELAXED) == data;
}

static void put_watch(struct unsock_watch *watch, uint32_t set, uint64_t data, uint32_t events) {
    uint32_t now = __atomic_and_fetch(&watch->set, MANY, __ATOMIC_RELAXED);
    __atomic_store_n(&watch->data, data, __ATOMIC_RELEASE);
    __atomic_store_n(&watch->events, events, __ATOMIC_RELEASE);
    /* Keeps MANY if another thread has set it meanwhile. */
    while (
        !__atomic_compare_exchange_n(&watch->set, &now, set | (now & MANY), false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        ;
}

static unsigned more_end(void) {
    return UNSOCK_MIN(__atomic_load_n(&more_used, __ATOMIC_RELAXED), (unsigned)MORE);
}

static struct unsock_watch *find_registration(uint32_t set, int fd, struct unsock_watch *first) {
    if (!first || set == 0)
        return NULL;
    if (set_of(first) == set)
        return first;
    for (unsigned i = 0; is_many(first) && i < more_end(); i++)
        if (more[i].fd == fd && set_of(&more[i].watch) == set)
            return &more[i].watch;
    return NULL;
}

/* Copies `old`, a registration of `fd` that may still be in force in another set, to `more`. Does not overwrite a
 * registration that has fired; if all registrations there have fired, drops `old`. */
static void keep_old(int fd, const struct unsock_watch *old) {
    for (int tries = 0; tries < MORE; tries++) {
        unsigned i = __atomic_fetch_add(&more_used, 1, __ATOMIC_RELAXED) % MORE;
        if (set_of(&more[i].watch) != 0 && unsock_epoll_is_fired(more[i].watch.events))
            continue;
        put_watch(&more[i].watch, 0, 0, 0);
        more[i].fd = fd;
        put_watch(&more[i].watch, set_of(old), old->data, old->events);
        return;
    }
}

static void drop_watch(struct unsock_watch *watch) {
    __atomic_fetch_and(&watch->set, MANY, __ATOMIC_RELAXED);
}

/* Drops a descriptor's registrations: all, or only those that have not fired. */
static void drop_watches(int fd, struct unsock_watch *first, bool fired_too) {
    if (fired_too || !unsock_epoll_is_fired(first->events))
        drop_watch(first);
    for (unsigned i = 0; is_many(first) && i < more_end(); i++)
        if (more[i].fd == fd && (fired_too || !unsock_epoll_is_fired(more[i].watch.events)))
            drop_watch(&more[i].watch);
}

void unsock_epoll_forget_number(int fd) {
    struct chunk *chunk = chunk_of(fd);
    if (!chunk)
        return;
    struct unsock_watch *first = &chunk->watches[fd % CHUNK];
    if (is_many(first))
        drop_watches(fd, first, true);
    if (first->set != 0)
        __atomic_store_n(&first->set, 0, __ATOMIC_RELAXED);
    if (chunk->sets[fd % CHUNK] != 0)
        __atomic_store_n(&chunk->sets[fd % CHUNK], 0, __ATOMIC_RELAXED);
    unsock_bit_clear(with_set, (unsigned)fd);
}

static void note_many(struct unsock_watch *first) {
    __atomic_fetch_or(&first->set, MANY, __ATOMIC_RELAXED);
}

bool unsock_epoll_note(int set, int operation, int fd, const struct unsock_epoll_event *event) {
    uint32_t identity = identity_of(set);
    struct chunk *chunk = make_chunk(fd);
    if (!chunk)
        return false;
    struct unsock_watch *first = &chunk->watches[fd % CHUNK], *here = find_registration(identity, fd, first);
    if (identity == 0) {
        identity = new_identity(set);
        unsock_epoll_mark(set);
    }
    bool somewhere = __atomic_load_n(&first->set, __ATOMIC_RELAXED) != 0;
    /* ADD: `fd` is noted already, in a set that may be closed. MOD or DEL: `fd` is not noted in this set, so it was
     * added through a duplicate of the set, and its notes may be wrong. In both cases `fd` may be in unknown sets. */
    if (operation != EPOLL_CTL_ADD && somewhere && !here)
        drop_watches(fd, first, false);
    if (somewhere && (operation == EPOLL_CTL_ADD || !here))
        note_many(first);
    if (operation == EPOLL_CTL_DEL) {
        if (here)
            drop_watch(here);
        return true;
    }
    if (!here && set_of(first) != 0)
        keep_old(fd, first);
    put_watch(here ? here : first, identity, event->data, event->events);
    __atomic_store_n(place_of_watch(identity, event->data), fd + 1, __ATOMIC_RELAXED);
    return identity != 0;
}

void unsock_epoll_note_anywhere(int fd) {
    struct chunk *chunk = make_chunk(fd);
    if (chunk)
        note_many(&chunk->watches[fd % CHUNK]);
}

bool unsock_epoll_is_anywhere(int fd) {
    const struct unsock_watch *first = at(fd);
    return first && is_many(first);
}

bool unsock_epoll_is_registered(int fd) {
    const struct unsock_watch *first = at(fd);
    return first && __atomic_load_n(&first->set, __ATOMIC_RELAXED) != 0;
}

struct unsock_watch *unsock_watch_of(int set, int fd) {
    return find_registration(identity_of(set), fd, at(fd));
}

bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event) {
    const struct unsock_watch *first = at(fd), *watch = unsock_watch_of(set, fd);
    if (!watch && first && !is_many(first))
        watch = first;
    uint32_t before = watch ? set_of(watch) : 0;
    if (before == 0)
        return false;
    event->data = __atomic_load_n(&watch->data, __ATOMIC_RELAXED);
    event->events = __atomic_load_n(&watch->events, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return set_of(watch) == before;
}

int unsock_watch_find(int set, uint64_t data, int from, struct unsock_watch **watch) {
    uint32_t identity = identity_of(set);
    if (identity == 0)
        return -1;
    const int guesses[] = {__atomic_load_n(place_of_watch(identity, data), __ATOMIC_RELAXED) - 1, (int32_t)data};
    for (int i = 0; from < 0 && i < 2; i++) {
        *watch = at(guesses[i]);
        if (*watch && is_watch(*watch, identity, data))
            return guesses[i];
    }
    int end = __atomic_load_n(&unsock_epoll_end, __ATOMIC_RELAXED);
    for (int fd = from < 0 ? 0 : from; fd < end; fd++) {
        *watch = at(fd);
        if (!*watch)
            fd |= CHUNK - 1;
        else if (is_watch(*watch, identity, data))
            return fd;
    }
    for (unsigned i = 0; i < more_end(); i++) {
        *watch = &more[i].watch;
        if (more[i].fd >= from && is_watch(*watch, identity, data))
            return more[i].fd;
    }
    return -1;
}
