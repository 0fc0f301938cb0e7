/* A few spaces, used again and again. */
#include "process/exec_space.h"

#include "memory/own.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/mman.h>

#define SPACES 16
#define TRIES 1000
#define PAGES(size) (((size) + 0xffff) & ~(size_t)0xffff) /* in whole pages of any machine */

static struct unsock_exec_space spaces[SPACES];

static bool grow(struct unsock_exec_space *space, size_t size) {
    if (size <= space->size)
        return true;
    if (space->memory)
        unsock_sys(__NR_munmap, space->memory, space->size);
    space->memory = NULL;
    space->size = 0;
    long memory = unsock_sys(__NR_mmap, 0, PAGES(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -4096)
        return false;
    space->memory = (uint8_t *)memory;
    space->size = PAGES(size);
    return true;
}

/*
 * All of them at work is all of them about to execute or to fail: one will be free soon. Not in a child that was forked in the
 * middle of that: then NULL.
 */
static struct unsock_exec_space *take(int32_t thread) {
    for (unsigned tries = 0; tries < TRIES; tries++) {
        for (size_t i = 0; i < SPACES; i++) {
            int32_t nobody = 0;
            if (__atomic_compare_exchange_n(&spaces[i].owner, &nobody, thread, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
                return &spaces[i];
        }
        unsock_sys(__NR_sched_yield);
    }
    return NULL;
}

/* One more, in memory of its own. */
static struct unsock_exec_space *make(size_t size) {
    size_t whole = PAGES(size + sizeof(struct unsock_exec_space) + 16);
    long memory = unsock_sys(__NR_mmap, 0, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -4096)
        return NULL;
    struct unsock_exec_space *space = (struct unsock_exec_space *)memory;
    *space = (struct unsock_exec_space){.memory = (uint8_t *)memory, .size = whole, .used = (sizeof(*space) + 15) & ~(size_t)15};
    return space;
}

/*
 * A child of vfork that has executed cannot say that it is ready with its parent's memory. The kernel does: it writes 0 to the
 * address that set_tid_address names when a thread leaves memory that others go on using (set_tid_address(2)).
 */
struct unsock_exec_space *unsock_exec_space_enter(size_t size) {
    int32_t thread = (int32_t)unsock_sys(__NR_gettid);
    bool shared = !unsock_own_descriptors();
    struct unsock_exec_space *space = take(thread);
    if (!space)
        return make(size);
    space->shared = shared;
    space->used = 0;
    if (shared)
        unsock_sys(__NR_set_tid_address, &space->owner);
    if (grow(space, size))
        return space;
    unsock_exec_space_leave(space);
    return NULL;
}

void unsock_exec_space_leave(struct unsock_exec_space *space) {
    if (space->memory == (uint8_t *)space) {
        unsock_sys(__NR_munmap, space->memory, space->size);
        return;
    }
    if (space->shared)
        unsock_sys(__NR_set_tid_address, 0);
    __atomic_store_n(&space->owner, 0, __ATOMIC_RELEASE);
}

void *unsock_exec_space_cut(struct unsock_exec_space *space, size_t size) {
    size = (size + 15) & ~(size_t)15;
    if (size > space->size - space->used)
        return NULL;
    uint8_t *piece = space->memory + space->used;
    space->used += size;
    return piece;
}
