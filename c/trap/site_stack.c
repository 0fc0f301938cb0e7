/* Gives threads the stacks on which they make calls at rewritten places. */
#include "trap/site.h"

#include "rt/system_calls.h"

static bool started;

void unsock_site_stack_start(void) {
    started = true;
}

#ifdef __x86_64__

static uint64_t site_thread_pointer(void) {
    uint64_t at;
    __asm__ volatile("rdfsbase %0" : "=r"(at));
    return at;
}

void unsock_site_stack_bring(const struct unsock_context *context, bool tagged) {
    if (!started)
        return;
    uint64_t at = UNSOCK_CONTEXT_STACK(context);
    struct unsock_own_stack *stack;
    __asm__ volatile("rdgsbase %0" : "=r"(stack));
    if (stack && stack->thread_pointer == site_thread_pointer()) {
        /* If a child of vfork called exec or was killed while it ran on this stack, the stack is still marked as in
         * use. The parent's next call comes neither from this stack nor from the signal stack. */
        if (tagged && stack->in_use && !unsock_own_stack_has(stack, at) && !unsock_context_on_signal_stack(context, at))
            stack->in_use = 0;
        return;
    }
    /* A child of vfork with its own thread pointer gets no stack: nobody would take it back. */
    if (!unsock_this_process_owns_descriptors())
        return;
    stack = unsock_own_stack_take();
    if (!stack)
        return;
    stack->thread_pointer = site_thread_pointer();
    __asm__ volatile("wrgsbase %0" : : "r"(stack) : "memory");
}

#else

#define MOST 64 /* calls at the same time */

/* aarch64.S reads this list up to the first NULL. */
__attribute__((used, visibility("hidden"))) struct unsock_own_stack *unsock_site_stacks[MOST + 1];

/* Adds a stack to the list. The stacks belong to the process, not to threads that may end. */
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
