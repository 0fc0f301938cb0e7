/*
 * The program's memory. Memory that a call is given may not be there, may be read-only, or end too early: the kernel
 * says EFAULT then, and the library must never be what ends the program. So the kernel looks at memory before it is
 * touched here, one cheap call for each page, unless it is certain to be there.
 *
 * Certain is only what lies further up on the stack that the call runs on: the rest of the page of the stack pointer,
 * or, on a thread's own stack, all up to its end.
 */
#ifndef UNSOCK_RT_USER_H
#define UNSOCK_RT_USER_H

#include "rt/system_calls.h"

/* Finds the end of the first thread's stack. Once, at start; until then less is certain. */
void unsock_user_start(void);

/* Where no libc can say it: `end` is what the kernel put at the end of the first thread's stack (AT_RANDOM), or 0. */
void unsock_user_start_at(uintptr_t end);

/*
 * Once, at start: from this address on, for 4 GiB, what can be read or written once can always be, both. So each page
 * is asked for no more than once.
 */
void unsock_user_stays(uintptr_t from);

/* True if these bytes can be read, or written. Asks the kernel, page by page. Nothing changes. */
bool unsock_user_readable_far(const void *at, size_t size);
bool unsock_user_writable_far(void *at, size_t size);

/* Copies as the kernel would: up to the first page that cannot be written. Returns 0 or -EFAULT. */
long unsock_user_write_far(void *to, const void *from, size_t size);

/* The length of a string; -EFAULT where it goes on into what cannot be read. */
long unsock_user_string(const char *at);

/* How many strings a list has that ends with NULL; -EFAULT where it, or one of them, goes on into what cannot be read.
 */
long unsock_user_strings(const char *const *list);

#define UNSOCK_USER_FAULT (-14) /* -EFAULT */

/* The first thread's stack ends here; 0: not known. */
extern uintptr_t unsock_user_stack_end;

/*
 * A stack pointer that is as near as this to that end is on that stack: the kernel keeps its mappings further away
 * (arch_pick_mmap_layout, at least 128 MiB).
 */
#define UNSOCK_USER_STACK_MOST ((uintptr_t)64 << 20)

static inline bool unsock_user_is_certain(const void *at, size_t size) {
    uintptr_t here, from = (uintptr_t)at, end = unsock_user_stack_end;
#if defined(__x86_64__)
    __asm__("mov %%rsp, %0" : "=r"(here));
#else
    __asm__("mov %0, sp" : "=r"(here));
#endif
    if (end - here > UNSOCK_USER_STACK_MOST)
        end = (here | (UNSOCK_PAGE - 1)) + 1;
    return from >= here && from <= end && size <= end - from;
}

static inline bool unsock_user_readable(const void *at, size_t size) {
    return unsock_user_is_certain(at, size) || unsock_user_readable_far(at, size);
}

static inline bool unsock_user_writable(void *at, size_t size) {
    return unsock_user_is_certain(at, size) || unsock_user_writable_far(at, size);
}

/* Copy from, and to, the program's memory. Return 0 or -EFAULT; what could be written before that has been. */
static inline long unsock_user_read(void *to, const void *from, size_t size) {
    if (!unsock_user_readable(from, size))
        return UNSOCK_USER_FAULT;
    memcpy(to, from, size);
    return 0;
}

static inline long unsock_user_write(void *to, const void *from, size_t size) {
    if (!unsock_user_is_certain(to, size))
        return unsock_user_write_far(to, from, size);
    memcpy(to, from, size);
    return 0;
}

#endif
