/* Reads and writes the program's memory safely. A pointer that the program passes to a call may be unmapped, read-only,
 * or too near the end of its mapping. The kernel then returns EFAULT, and the library must not crash instead. So before
 * the library uses the pointer, the kernel checks the memory, by one cheap call for each page. Memory above the stack
 * pointer needs no check: on the first thread all of the stack, on others the rest of the stack pointer's page. */
#ifndef UNSOCK_RT_USER_H
#define UNSOCK_RT_USER_H

#include "rt/system_calls.h"

/* At start, finds the end of the first thread's stack. Before that, unsock_user_is_certain is true for a part of it. */
void unsock_user_start(void);

/* Declares memory permanent; called once, at start. A page in the 4 GiB from `from` on that has passed a check is not
 * checked again, since the program never unmaps it (Go's heap). */
void unsock_user_stays(uintptr_t from);

/* True if the kernel can read, or write, all `size` bytes. Changes no byte. */
bool unsock_user_readable_far(const void *at, size_t size);
bool unsock_user_writable_far(void *at, size_t size);

/* Copies as the kernel would, until a page cannot be written. Returns 0 or -EFAULT. */
long unsock_user_write_far(void *to, const void *from, size_t size);

/* True if all strings of a NULL-terminated list can be read. NULL is an empty list, as in fs/exec.c. */
bool unsock_user_strings(const char *const *list);

/* The end of the first thread's stack (the kernel's AT_RANDOM); 0 if unknown. */
extern uintptr_t unsock_user_stack_end;

/* A stack pointer at most this far below the end of the first thread's stack is on that stack: the kernel keeps
 * mappings further away (arch_pick_mmap_layout, at least 128 MiB). */
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

/* Copy from, and to, the program's memory. Return 0 or -EFAULT. A failed write may have written the first pages. */
static inline long unsock_user_read(void *to, const void *from, size_t size) {
    if (!unsock_user_readable(from, size))
        return -EFAULT;
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
