/*
 * In the place of c/rt/sys.h: the kernel itself, but before each system call a test may let something happen.
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
