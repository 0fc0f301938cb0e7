/* Keeps memory for PLACES threads at a time: each thread has a place with up to LEVELS spaces. */
#include "process/exec.h"

#include "memory/process.h"
#include "rt/system_calls.h"

#define PLACES 16
#define LEVELS 4 /* spaces of one thread at once: a search in PATH and its exec, and both again in a signal handler */
#define TRIES 1000
#define PAGES(size) (((size) + 0xffff) & ~(size_t)0xffff) /* rounded up to 64 KiB, the largest page size */

struct place {
    int32_t owner;  /* the thread whose place it is; 0: free */
    bool shared;    /* the owner is a child of vfork: this memory is also its parent's */
    unsigned depth; /* levels in use */
    struct unsock_exec_space levels[LEVELS];
};

static UNSOCK_TABLE struct place space_places[PLACES];

static bool grow(struct unsock_exec_space *space, size_t size) {
    space->used = 0;
    if (size <= space->size)
        return true;
    if (space->memory)
        unsock_unmap(space->memory, space->size);
    space->memory = unsock_map(PAGES(size));
    space->size = space->memory ? PAGES(size) : 0;
    return space->memory;
}

/* Takes a free place for this thread. If all are in use, yields up to TRIES times for another thread's exec to end,
 * then returns NULL. A vfork's child cannot free its place after its exec, since the place is in its parent's memory;
 * the kernel clears `owner` for the child (set_tid_address(2)). */
static struct place *take_space(int32_t thread) {
    bool shared = !unsock_this_process_owns_descriptors();
    for (unsigned tries = 0; tries < TRIES; tries++) {
        for (struct place *place = space_places; place < space_places + PLACES; place++) {
            int32_t nobody = 0;
            if (__atomic_compare_exchange_n(&place->owner, &nobody, thread, false, __ATOMIC_ACQUIRE,
                                            __ATOMIC_RELAXED)) {
                place->depth = 0;
                place->shared = shared;
                if (shared)
                    unsock_set_tid_address(&place->owner);
                return place;
            }
        }
        unsock_sched_yield();
    }
    return NULL;
}

/* Maps a space that is in no place. The mapping is shared: a private one would count for RLIMIT_DATA (getrlimit(2)). */
static struct unsock_exec_space *make_space(size_t size) {
    size_t whole = PAGES(size + sizeof(struct unsock_exec_space) + 16);
    long memory = unsock_mmap(0, whole, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct unsock_exec_space *space = unsock_is_error(memory) ? NULL : (struct unsock_exec_space *)memory;
    if (space)
        *space = (struct unsock_exec_space){(uint8_t *)space, whole, (sizeof(*space) + 15) & ~(size_t)15};
    return space;
}

struct unsock_exec_space *unsock_exec_space_enter(size_t size) {
    int32_t thread = (int32_t)unsock_gettid();
    struct place *place = space_places;
    while (place < space_places + PLACES && __atomic_load_n(&place->owner, __ATOMIC_RELAXED) != thread)
        place++;
    if (place == space_places + PLACES)
        place = take_space(thread);
    if (!place || place->depth == LEVELS)
        return make_space(size);
    struct unsock_exec_space *space = &place->levels[place->depth++];
    if (grow(space, size))
        return space;
    unsock_exec_space_leave(space);
    return make_space(size);
}

void unsock_exec_space_leave(struct unsock_exec_space *space) {
    if (!space)
        return;
    if (space->memory == (uint8_t *)space) {
        unsock_unmap(space->memory, space->size);
        return;
    }
    for (struct place *place = space_places; place < space_places + PLACES; place++) {
        if (space < place->levels || space >= place->levels + LEVELS || --place->depth > 0)
            continue;
        if (place->shared)
            unsock_set_tid_address(NULL);
        __atomic_store_n(&place->owner, 0, __ATOMIC_RELEASE);
    }
}

void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (size > space->size - space->used)
        return NULL;
    uint8_t *piece = space->memory + space->used;
    space->used += size;
    return piece;
}
