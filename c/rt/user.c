/* Checks by cheap system calls whether the program's memory can be read or written. */
#include "rt/user.h"

#define AUXILIARY_RANDOM 25 /* AT_RANDOM (getauxval(3)): 16 bytes at the end of the first thread's stack */

/* The stack of each thread but the first ends at the thread's own data, in the same mapping (nptl/allocatestack.c;
 * musl's pthread_create.c). For each such end, one word holds how many pages below the end the kernel has found
 * writable, so that each page is checked once. A later thread with the same end is taken to have the same stack. */
#define STACKS 64
#define COUNT_BITS 22
#define THREAD_STACK_MOST ((uintptr_t)2 << 20)

/* One bit for each page of permanent memory (unsock_user_stays): set once the page has passed a check. */
#define STAYING_PAGES ((uintptr_t)1 << 20)
static uint64_t *seen; /* NULL: no memory is permanent */
static uintptr_t stays_from;

uintptr_t unsock_user_stack_end;
static uintptr_t first_thread;
static uint64_t stacks[STACKS];

static uintptr_t own_thread_pointer(void) {
    uintptr_t at;
#if defined(__x86_64__)
    __asm__ volatile("mov %%fs:0, %0" : "=r"(at));
#else
    __asm__ volatile("mrs %0, tpidr_el0" : "=r"(at));
#endif
    return at;
}

void unsock_user_start(void) {
    unsock_user_stack_end = unsock_libc_auxiliary(AUXILIARY_RANDOM);
    /* Without a libc the thread pointer may be unset, and reading through it would crash. */
    if (unsock_user_stack_end != 0)
        first_thread = own_thread_pointer();
}

/* True if the kernel can read the 8 bytes at `at`: calls rt_sigprocmask with an invalid `how`, which the kernel refuses
 * after it has read the mask there. Also true if a sandbox refuses the call before the read. */
static bool can_read(uintptr_t at) {
    uintptr_t word = at < 8 ? 8 : at & ~(uintptr_t)7; /* a NULL mask would not be read */
    return unsock_rt_sigprocmask(-1, (void *)word, NULL) != -EFAULT;
}

/* True if the word can be written: adds 0 to it by FUTEX_WAKE_OP (futex(2)), atomically, as other threads may write. */
static bool can_write(uintptr_t at) {
    enum { WAKE_OP_PRIVATE = 5 | 128, ADD = 1 << 28, IF_LESS = 2 << 24, LEAST = 0x800 };
    static uint32_t nobody;
    uintptr_t word = at & ~(uintptr_t)3;
    return unsock_futex(&nobody, WAKE_OP_PRIVATE, 0, 0, (void *)word, ADD | IF_LESS | LEAST) != -EFAULT;
}

void unsock_user_stays(uintptr_t from) {
    seen = unsock_map(STAYING_PAGES / 8);
    stays_from = from;
}

static bool has_been_seen(uintptr_t at) {
    uintptr_t page = (at - stays_from) / UNSOCK_PAGE;
    return seen && page < STAYING_PAGES && unsock_bit_is_set(seen, (unsigned)page);
}

static bool note_seen(uintptr_t at) {
    uintptr_t page = (at - stays_from) / UNSOCK_PAGE;
    if (seen && page < STAYING_PAGES)
        unsock_bit_set(seen, (unsigned)page);
    return true;
}

/* Returns how many of the `size` bytes from `at` on are before the first page for which `can` is false. */
static size_t reach(uintptr_t at, size_t size, bool (*can)(uintptr_t)) {
    uintptr_t end = at + size;
    /* No memory of the program's wraps around the end of the address space. */
    if (end < at)
        return 0;
    for (uintptr_t next = at; next < end; next = (next | (UNSOCK_PAGE - 1)) + 1) {
        if (!has_been_seen(next) && !(can(next) && note_seen(next)))
            return next - at;
    }
    return size;
}

/* True if these bytes are known to be on this thread's stack, above this frame. Never true on the first thread. */
static bool is_on_stack(uintptr_t at, size_t size) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (at < here || first_thread == 0)
        return false;
    uintptr_t end = own_thread_pointer();
    if (end == first_thread || at > end || size > end - at || end - here > THREAD_STACK_MOST)
        return false;
    uint64_t *stack = &stacks[end / UNSOCK_PAGE % STACKS];
    uint64_t known = __atomic_load_n(stack, __ATOMIC_RELAXED), tag = (uint64_t)end >> 6;
    uintptr_t count = known >> COUNT_BITS == tag ? known & ((1 << COUNT_BITS) - 1) : 0;
    uintptr_t needed = end / UNSOCK_PAGE - here / UNSOCK_PAGE + 1;
    for (uintptr_t page = here / UNSOCK_PAGE + 1; count < needed && page <= end / UNSOCK_PAGE - count; page++) {
        if (!can_write(page * UNSOCK_PAGE))
            return false;
    }
    if (count < needed)
        __atomic_store_n(stack, tag << COUNT_BITS | needed, __ATOMIC_RELAXED);
    return true;
}

static bool can_have(uintptr_t at, size_t size, bool (*can)(uintptr_t)) {
    return is_on_stack(at, size) || reach(at, size, can) == size;
}

bool unsock_user_readable_far(const void *at, size_t size) {
    return can_have((uintptr_t)at, size, can_read);
}

bool unsock_user_writable_far(void *at, size_t size) {
    return can_have((uintptr_t)at, size, can_write);
}

/* True if the byte can be read. `*seen`: the number of the last page found readable, plus 1. */
static inline bool is_byte_there(uintptr_t at, uintptr_t *seen) {
    if (at / UNSOCK_PAGE + 1 != *seen && !unsock_user_readable((const void *)at, 1))
        return false;
    *seen = at / UNSOCK_PAGE + 1;
    return true;
}

/* The strings are nearly always adjacent, so the kernel checks each page once. */
bool unsock_user_strings(const char *const *list) {
    uintptr_t seen_list = 0, seen = 0;
    if (!list)
        return true;
    for (;; list++) {
        uintptr_t at = (uintptr_t)list;
        if (!is_byte_there(at, &seen_list) || !is_byte_there(at + sizeof(*list) - 1, &seen_list))
            return false;
        if (!*list)
            return true;
        const char *next = *list;
        do
            if (!is_byte_there((uintptr_t)next, &seen))
                return false;
        while (*next++ != '\0');
    }
}

/* True if the bytes can be written. The caller is about to overwrite them, so the kernel may store the signal mask
 * there: this costs less than a futex. */
static bool can_fill(uintptr_t at, size_t size) {
    if (has_been_seen(at))
        return true;
    bool can = size < 8 || at == 0 ? can_write(at) : unsock_rt_sigprocmask(0, NULL, (void *)at) != -EFAULT;
    return can && note_seen(at);
}

long unsock_user_write_far(void *to, const void *from, size_t size) {
    uint8_t *out = to;
    const uint8_t *in = from;
    bool certain = is_on_stack((uintptr_t)to, size);
    while (size > 0) {
        size_t part = certain ? size : UNSOCK_MIN(size, UNSOCK_PAGE - (uintptr_t)out % UNSOCK_PAGE);
        if (!certain && !can_fill((uintptr_t)out, part))
            return -EFAULT;
        memcpy(out, in, part);
        out += part;
        in += part;
        size -= part;
    }
    return 0;
}
