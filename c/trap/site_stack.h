/*
 * A stack of the library's own for each thread of a program whose stacks are too small (Go's goroutines have few KiB).
 * The register gs leads to it, which such programs do not use: the thread's first trapped call brings it.
 */
#ifndef UNSOCK_TRAP_SITE_STACK_H
#define UNSOCK_TRAP_SITE_STACK_H

#include "trap/context.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __x86_64__

/* May programs read and write that register themselves (AT_HWCAP2)? Kernel 5.9, and a processor that has it. */
#define UNSOCK_SITE_STACK_FEATURE 2

/* From now on threads get one. */
void unsock_site_stack_start(void);

/*
 * In the handler of trapped calls: the thread gets its stack if it has none. `tagged`: the call comes from where the
 * stack would have been taken.
 */
void unsock_site_stack_bring(const struct unsock_context *context, bool tagged);

#else

static inline void unsock_site_stack_bring(const struct unsock_context *context, bool tagged) {
    (void)context, (void)tagged;
}

#endif

#endif
