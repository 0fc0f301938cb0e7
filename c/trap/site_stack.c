/* Threads' own stacks, used again when the thread has ended. */
#include "trap/site_stack.h"

#ifdef __x86_64__

#include "memory/this_process.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rt/table.h"

#include <linux/mman.h>

#define STACK (64 * 1024)
#define WHOLE (2 * UNSOCK_PAGE + STACK) /* what is known of it, a page that cannot be accessed, the stack */
#define KEPT 4096                       /* threads at once whose stacks are used again */
#define TRIES 16                        /* of those, that are looked at for one that has ended */

static bool started;
static UNSOCK_TABLE struct unsock_site_stack *kept[KEPT];
static unsigned kept_count, next_try;
static int32_t keeper; /* the process that they are of: a forked child has other threads */

void unsock_site_stack_start(void) {
    started = true;
}

static struct unsock_site_stack *own_stack(void) {
    struct unsock_site_stack *stack;
    __asm__ volatile("rdgsbase %0" : "=r"(stack));
    return stack;
}

static uint64_t thread_pointer(void) {
    uint64_t at;
    __asm__ volatile("rdfsbase %0" : "=r"(at));
    return at;
}

static void take(struct unsock_site_stack *stack) {
    stack->thread_pointer = thread_pointer();
    stack->in_use = 0;
    __asm__ volatile("wrgsbase %0" : : "r"(stack) : "memory");
}

/*
 * Of a thread that is there no more. Its number may be another's by now, of whatever process: then it stays where it
 * is.
 */
static struct unsock_site_stack *of_the_dead(int32_t self) {
    unsigned count = __atomic_load_n(&kept_count, __ATOMIC_ACQUIRE);
    count = count > KEPT ? KEPT : count;
    for (unsigned i = 0; i < TRIES && i < count; i++) {
        unsigned place = __atomic_fetch_add(&next_try, 1, __ATOMIC_RELAXED) % count;
        struct unsock_site_stack *stack = __atomic_load_n(&kept[place], __ATOMIC_ACQUIRE);
        if (!stack)
            continue;
        int32_t owner = __atomic_load_n(&stack->thread, __ATOMIC_RELAXED);
        if (unsock_tkill(owner, 0) == -ESRCH &&
            __atomic_compare_exchange_n(&stack->thread, &owner, self, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            return stack;
    }
    return NULL;
}

static struct unsock_site_stack *make(int32_t self) {
    long memory = unsock_mmap(0, WHOLE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory < 0 && memory > -4096)
        return NULL;
    if (unsock_mprotect(memory + UNSOCK_PAGE, UNSOCK_PAGE, PROT_NONE) < 0) {
        unsock_munmap(memory, WHOLE);
        return NULL;
    }
    struct unsock_site_stack *stack = (struct unsock_site_stack *)memory;
    stack->thread = self;
    stack->top = (uint64_t)memory + WHOLE;
    unsigned place = __atomic_fetch_add(&kept_count, 1, __ATOMIC_ACQ_REL);
    if (place < KEPT)
        __atomic_store_n(&kept[place], stack, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&kept_count, KEPT, __ATOMIC_RELAXED);
    return stack;
}

/* A forked child goes on with the stack that its thread has, and leaves the others' alone: their numbers say nothing.
 */
static void settle(void) {
    int32_t process = (int32_t)unsock_getpid(), before = __atomic_load_n(&keeper, __ATOMIC_ACQUIRE);
    if (before != process &&
        __atomic_compare_exchange_n(&keeper, &before, process, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
        __atomic_store_n(&kept_count, 0, __ATOMIC_RELEASE);
}

static bool is_within(uint64_t at, uint64_t start, uint64_t size) {
    return at - start < size;
}

/*
 * A child of vfork shares its parent's, and may be gone while it has it: it has executed, or was killed. The call comes
 * from neither that stack nor from the one for signals then.
 */
static void mend(struct unsock_site_stack *stack, const struct unsock_context *context) {
    uint64_t at = context->registers.rsp;
    if (!is_within(at, stack->top - STACK, STACK + 1) &&
        !is_within(at, (uint64_t)context->stack.base, context->stack.size + 1))
        stack->in_use = 0;
}

void unsock_site_stack_bring(const struct unsock_context *context, bool tagged) {
    if (!started)
        return;
    struct unsock_site_stack *stack = own_stack();
    if (stack && stack->thread_pointer == thread_pointer()) {
        if (tagged && stack->in_use)
            mend(stack, context);
        return;
    }
    /* A child of vfork with a thread pointer of its own: what it is given nobody would take back. */
    if (!unsock_this_process_owns_descriptors())
        return;
    settle();
    int32_t self = (int32_t)unsock_gettid();
    stack = of_the_dead(self);
    stack = stack ? stack : make(self);
    if (stack)
        take(stack);
}

#endif
