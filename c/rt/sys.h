/* Raw system calls. Each returns the kernel's value, a result or -errno, and does not change the caller's errno. The
 * library is not linked to a libc: the same bytes run under glibc, under musl, and without a libc. */
#ifndef UNSOCK_RT_SYS_H
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"
#include "rt/syscall6.h"

/* The mark (rt/calls.h), shifted to its place in an argument. At its start, a process without the filter sets the
 * variable to 0, since tools that read all 64 bits of an argument (valgrind) would misread a marked argument. */
extern unsigned long unsock_sys_mark_bits;

/* Returns `value`, with the mark in the upper half if `argument` carries it. The kernel reads only the lower half. */
static inline __attribute__((always_inline)) long unsock_sys_marked(long number, int argument, long value) {
    if (unsock_sys_marked_argument(number) != argument)
        return value;
    return (long)((unsigned long)(unsigned)value | unsock_sys_mark_bits);
}

#define UNSOCK_SYS_PAD(n, a, b, c, d, e, f, ...)                                                                       \
    unsock_syscall6((long)(n), unsock_sys_marked(n, 0, (long)(a)), (long)(b), (long)(c),                               \
                    unsock_sys_marked(n, 3, (long)(d)), (long)(e), unsock_sys_marked(n, 5, (long)(f)))

/* Makes a system call: unsock_sys(__NR_xyz, up to six numbers or pointers). Evaluates __NR_xyz more than once. */
#define unsock_sys(...) UNSOCK_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
