/*
 * Replaces c/rt/sys.h: makes the kernel's system calls, but lets a test act before each of them.
 */
#ifndef MOMENTS_H
#define MOMENTS_H
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"
#include "rt/syscall6.h"

extern unsigned long unsock_sys_mark_bits;

/* The test's. */
void moment(void);

#define MOMENTS_PAD(n, a, b, c, d, e, f, ...)                                                                          \
    (moment(), unsock_syscall6((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))
#define unsock_sys(...) MOMENTS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
