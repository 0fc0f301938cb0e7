/*
 * Stacks of the library's own, for calls that are made where there is hardly room: on a thread's stack of 16 KiB, on a
 * small one for signals, on a goroutine's. Those of threads that have ended, or have left by a jump, are used again.
 */
#ifndef UNSOCK_TRAP_OWN_STACK_H
#define UNSOCK_TRAP_OWN_STACK_H

#include "trap/context.h"

#include <stdbool.h>
#include <stdint.h>

/* In memory of its own, below the stack. trap/site.c knows where the first three stand. */
struct unsock_own_stack {
    uint64_t thread_pointer; /* of the thread that has it for good (trap/site_stack.h); 0: of a call */
    uint64_t top;
    uint64_t in_use;
    int32_t thread; /* the tid of who has it; 0: nobody */
    bool counted;   /* it is among those that are used again */
};

/* For this thread, for good. NULL: no memory. */
struct unsock_own_stack *unsock_own_stack_take(void);

/* Does it reach up to, or past, this address? */
bool unsock_own_stack_has(const struct unsock_own_stack *stack, uint64_t at);

/* Is the address on the stack for signals that was in force then? */
bool unsock_context_on_signal_stack(const struct unsock_context *context, uint64_t at);

/*
 * In a signal handler. NULL: the stack that there is has room for a call, or there is no memory. Else one to make it
 * on: unsock_own_stack_call makes it, and takes the stack back.
 */
struct unsock_own_stack *unsock_own_stack_lend(const struct unsock_context *context);
void unsock_own_stack_call(struct unsock_own_stack *stack, const struct unsock_context *context,
                           void (*function)(void *), void *argument);

/* A new thread may have begun, with a smaller stack than one had at the same place. */
void unsock_own_stack_forget(void);

/* Calls it on the stack that ends at `top`, which is aligned to 16. */
void unsock_call_on(void (*function)(void *), void *argument, void *top) __attribute__((visibility("hidden")));

#endif
