/* Threads' own stacks, used again when the thread has ended. */
#include "trap/site.h"

#ifdef __x86_64__

#include "memory/process.h"

static bool started;

void unsock_site_stack_start(void) {
    started = true;
}

static struct unsock_own_stack *own_stack(void) {
    struct unsock_own_stack *stack;
    __asm__ volatile("rdgsbase %0" : "=r"(stack));
    return stack;
}

static uint64_t thread_pointer(void) {
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
    if (stack && stack->thread_pointer == thread_pointer()) {
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
    stack->thread_pointer = thread_pointer();
    __asm__ volatile("wrgsbase %0" : : "r"(stack) : "memory");
}

#endif
