/* Threads' own stacks, used again when the thread has ended. */
#include "trap/site.h"

#include "rt/system_calls.h"

static bool started;

void unsock_site_stack_start(void) {
    started = true;
}

#ifdef __x86_64__

static struct unsock_own_stack *own_stack(void) {
    struct unsock_own_stack *stack;
    __asm__ volatile("rdgsbase %0" : "=r"(stack));
    return stack;
}

static uint64_t site_thread_pointer(void) {
    uint64_t at;
    __asm__ volatile("rdfsbase %0" : "=r"(at));
    return at;
}

/*
 * A child of vfork shares its parent's, and may be gone while it has it: it has executed, or was killed. The call comes
 * from neither that stack nor from the one for signals then.
 */
static void mend(struct unsock_own_stack *stack, const struct unsock_context *context) {
    uint64_t at = UNSOCK_CONTEXT_STACK(context);
    if (!unsock_own_stack_has(stack, at) && !unsock_context_on_signal_stack(context, at))
        stack->in_use = 0;
}

void unsock_site_stack_bring(const struct unsock_context *context, bool tagged) {
    if (!started)
        return;
    struct unsock_own_stack *stack = own_stack();
    if (stack && stack->thread_pointer == site_thread_pointer()) {
        if (tagged && stack->in_use)
            mend(stack, context);
        return;
    }
    /* A child of vfork with a thread pointer of its own: what it is given nobody would take back. */
    if (!unsock_this_process_owns_descriptors())
        return;
    stack = unsock_own_stack_take();
    if (!stack)
        return;
    stack->thread_pointer = site_thread_pointer();
    __asm__ volatile("wrgsbase %0" : : "r"(stack) : "memory");
}

#else

#define MOST 64 /* calls at once */

/* Read by the assembly of trap/site.c, up to the first that is not there. */
__attribute__((used, visibility("hidden"))) struct unsock_own_stack *unsock_site_stacks[MOST + 1];

/* They are the process's: no thread that ends leaves one to others. */
void unsock_site_stack_bring(const struct unsock_context *context, bool tagged) {
    (void)context;
    if (!started || !tagged || unsock_site_stacks[MOST - 1] || !unsock_this_process_owns_descriptors())
        return;
    struct unsock_own_stack *none, *stack = unsock_own_stack_take();
    if (!stack)
        return;
    stack->thread_pointer = 1;
    stack->thread = (int32_t)unsock_getpid();
    for (unsigned i = 0; i < MOST; i++) {
        none = NULL;
        if (__atomic_compare_exchange_n(&unsock_site_stacks[i], &none, stack, false, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
            return;
    }
}

#endif
