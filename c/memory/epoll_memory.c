/* What is remembered about epoll sets and registrations. */
#include "memory/epoll_memory.h"

#include "rt/system_calls.h"

#define SETS (1 << 20) /* as many as descriptors that are remembered */
#define WORD 64
#define SLOTS 256
#define REACH 8 /* slots where a registration may be */

/* A bit per descriptor: pages are only touched where there are sets. */
static UNSOCK_TABLE uint64_t sets[SETS / WORD];
static int sets_end;

/* `key` guards the rest, as a seqlock does. 0: free; BUSY: being written. */
struct slot {
    uint64_t key;
    uint64_t data;
    uint32_t events;
};

/* Numbers of sets that are not their identity: the number plus 1, and the identity in the lower half. 0: free. */
#define ALIASES 64
static uint64_t aliases[ALIASES];
static bool aliases_used;           /* most programs never duplicate a set */
static int last_identity = 1 << 30; /* above all descriptors */

#define BUSY 1u
static UNSOCK_TABLE struct slot slots[SLOTS];
static bool slots_used; /* most programs have a socket in one set */

static bool is_noted(int set) {
    return (unsigned)set < SETS &&
           (__atomic_load_n(&sets[(unsigned)set / WORD], __ATOMIC_RELAXED) & ((uint64_t)1 << (unsigned)set % WORD));
}

void unsock_epoll_note_set(int set) {
    if ((unsigned)set >= SETS || is_noted(set))
        return;
    __atomic_fetch_or(&sets[(unsigned)set / WORD], (uint64_t)1 << (unsigned)set % WORD, __ATOMIC_RELAXED);
    int seen = __atomic_load_n(&sets_end, __ATOMIC_RELAXED);
    while (seen <= set &&
           !__atomic_compare_exchange_n(&sets_end, &seen, set + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

void unsock_epoll_forget_set(int set) {
    if (is_noted(set))
        __atomic_fetch_and(&sets[(unsigned)set / WORD], ~((uint64_t)1 << (unsigned)set % WORD), __ATOMIC_RELAXED);
}

int unsock_epoll_next_set(int from) {
    int end = __atomic_load_n(&sets_end, __ATOMIC_RELAXED);
    while (from < end) {
        uint64_t rest = __atomic_load_n(&sets[from / WORD], __ATOMIC_RELAXED) >> from % WORD;
        if (rest)
            return from + __builtin_ctzll(rest);
        from += WORD - from % WORD;
    }
    return -1;
}

bool unsock_epoll_is_fired(const struct unsock_epoll_event *event) {
    return (event->events & (EPOLLONESHOT | EPOLLERR | EPOLLHUP)) == EPOLLONESHOT;
}

static uint64_t *find_alias(int set) {
    for (int i = 0; i < ALIASES; i++)
        if (__atomic_load_n(&aliases[i], __ATOMIC_RELAXED) >> 32 == (uint64_t)set + 1)
            return &aliases[i];
    return NULL;
}

int unsock_epoll_identity(int set) {
    uint64_t *alias = __atomic_load_n(&aliases_used, __ATOMIC_RELAXED) ? find_alias(set) : NULL;
    return alias ? (int32_t)__atomic_load_n(alias, __ATOMIC_RELAXED) : set;
}

static void set_identity(int set, int identity) {
    uint64_t *alias = find_alias(set);
    uint64_t none = 0, value = identity == set ? 0 : ((uint64_t)set + 1) << 32 | (uint32_t)identity;
    if (alias) {
        __atomic_store_n(alias, value, __ATOMIC_RELAXED);
        return;
    }
    __atomic_store_n(&aliases_used, true, __ATOMIC_RELAXED);
    for (int i = 0; value != 0 && i < ALIASES; i++, none = 0)
        if (__atomic_compare_exchange_n(&aliases[i], &none, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return;
}

static uint64_t key_of(int set, int fd) {
    return ((uint64_t)unsock_epoll_identity(set) + 1) << 32 | (uint32_t)fd;
}

static struct slot *slot_at(uint64_t key, unsigned step) {
    return &slots[((key * 0x9e3779b97f4a7c15u >> 32) + step) % SLOTS];
}

static struct slot *find(uint64_t key) {
    for (unsigned i = 0; i < REACH; i++) {
        struct slot *slot = slot_at(key, i);
        if (__atomic_load_n(&slot->key, __ATOMIC_ACQUIRE) == key)
            return slot;
    }
    return NULL;
}

/* Whoever loses a race for a slot goes without. */
static bool claim(struct slot *slot, uint64_t key) {
    bool claimed = __atomic_compare_exchange_n(&slot->key, &key, BUSY, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* who sees any of what is written next sees BUSY, too */
    return claimed;
}

static void release(struct slot *slot, uint64_t key) {
    __atomic_store_n(&slot->key, key, __ATOMIC_RELEASE);
}

static void read_slot(const struct slot *slot, struct unsock_epoll_event *event) {
    event->data = __atomic_load_n(&slot->data, __ATOMIC_RELAXED);
    event->events = __atomic_load_n(&slot->events, __ATOMIC_RELAXED);
}

/* Another registration's slot, unless that one has fired. */
static bool claim_other(struct slot *slot) {
    struct unsock_epoll_event old;
    uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_ACQUIRE);
    if (key == BUSY || !claim(slot, key))
        return false;
    read_slot(slot, &old);
    if (key == 0 || !unsock_epoll_is_fired(&old))
        return true;
    release(slot, key);
    return false;
}

static struct slot *claim_any(uint64_t key) {
    for (unsigned i = 0; i < REACH; i++)
        if (claim(slot_at(key, i), 0))
            return slot_at(key, i);
    for (unsigned i = 0; i < REACH; i++)
        if (claim_other(slot_at(key, i)))
            return slot_at(key, i);
    return NULL;
}

bool unsock_epoll_remember(int set, int fd, const struct unsock_epoll_event *event) {
    uint64_t key = key_of(set, fd);
    struct slot *slot = find(key);
    __atomic_store_n(&slots_used, true, __ATOMIC_RELAXED);
    if (slot ? !claim(slot, key) : !(slot = claim_any(key)))
        return false;
    __atomic_store_n(&slot->data, event->data, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->events, event->events, __ATOMIC_RELAXED);
    release(slot, key);
    return true;
}

bool unsock_epoll_recall(int set, int fd, struct unsock_epoll_event *event) {
    if (!__atomic_load_n(&slots_used, __ATOMIC_RELAXED))
        return false;
    struct slot *slot = find(key_of(set, fd));
    if (!slot)
        return false;
    read_slot(slot, event);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(&slot->key, __ATOMIC_RELAXED) == key_of(set, fd);
}

bool unsock_epoll_forget(int set, int fd) {
    if (!__atomic_load_n(&slots_used, __ATOMIC_RELAXED))
        return false;
    struct slot *slot = find(key_of(set, fd));
    if (!slot || !claim(slot, key_of(set, fd)))
        return false;
    release(slot, 0);
    return true;
}

/* Those whose key is `value` in the bits of `part`. */
static void forget_registrations(uint64_t part, uint64_t value, bool fired_too) {
    struct unsock_epoll_event event;
    if (!__atomic_load_n(&slots_used, __ATOMIC_RELAXED))
        return;
    for (unsigned i = 0; i < SLOTS; i++) {
        uint64_t key = __atomic_load_n(&slots[i].key, __ATOMIC_RELAXED);
        if (key <= BUSY || (key & part) != value || !claim(&slots[i], key))
            continue;
        read_slot(&slots[i], &event);
        release(&slots[i], !fired_too && unsock_epoll_is_fired(&event) ? key : 0);
    }
}

void unsock_epoll_forget_armed(int fd) {
    forget_registrations(UINT32_MAX, (uint32_t)fd, false);
}

static bool is_another_identity(int set) {
    for (int i = 0; i < ALIASES; i++) {
        uint64_t alias = __atomic_load_n(&aliases[i], __ATOMIC_RELAXED);
        if (alias != 0 && (int32_t)alias == set && alias >> 32 != (uint64_t)set + 1)
            return true;
    }
    return false;
}

/* The number is not the set's any more that had it. */
static void forget_number(int set) {
    if (__atomic_load_n(&aliases_used, __ATOMIC_RELAXED))
        set_identity(set, is_another_identity(set) ? __atomic_add_fetch(&last_identity, 1, __ATOMIC_RELAXED) : set);
    forget_registrations(~(uint64_t)UINT32_MAX, key_of(set, 0), true);
}

void unsock_epoll_note_new_set(int set) {
    forget_number(set);
    unsock_epoll_note_set(set);
}

void unsock_epoll_duplicate_set(int from, int to) {
    if (!is_noted(from) || (unsigned)to >= SETS)
        return;
    forget_number(to);
    set_identity(to, unsock_epoll_identity(from));
    unsock_epoll_note_set(to);
}
