/*
 * Raw system calls. They return the kernel's value: a result, or -errno; the caller's errno is not touched. Nothing
 * here (or above) uses libc code: the same bytes run under glibc, under musl and with no libc at all.
 */
#ifndef UNSOCK_RT_SYS_H
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"
#include "rt/syscall6.h"

/*
 * The mark in its place; 0 in a process without the filter, where it would only confuse tools that read the arguments
 * as the kernel does not (valgrind). It is there until the start has found out.
 */
extern unsigned long unsock_sys_mark_bits;

/* The mark for one argument: an int keeps its lower half, whatever is above it. */
static inline __attribute__((always_inline)) long unsock_sys_marked(long number, int argument, long value) {
    if (unsock_sys_marked_argument(number) != argument)
        return value;
    return (long)((unsigned long)(unsigned)value | unsock_sys_mark_bits);
}

#define UNSOCK_SYS_PAD(n, a, b, c, d, e, f, ...)                                                                       \
    unsock_syscall6((long)(n), unsock_sys_marked(n, 0, (long)(a)), (long)(b), (long)(c),                               \
                    unsock_sys_marked(n, 3, (long)(d)), (long)(e), unsock_sys_marked(n, 5, (long)(f)))

/* unsock_sys(__NR_xyz, up to six arguments): numbers and pointers alike. The number is evaluated more than once. */
#define unsock_sys(...) UNSOCK_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
