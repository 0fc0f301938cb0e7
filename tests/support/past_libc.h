/* A system call that no library can intercept, as it is made inline. Returns as syscall(2) does. Include this header
 * first.
 */
#ifndef PAST_LIBC_H
#define PAST_LIBC_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "../../c/rt/syscall6.h"

#include <errno.h>
#include <sys/syscall.h>

static inline long past_libc(long number, long a, long b, long c, long d, long e, long f) {
    long result = unsock_syscall6(number, a, b, c, d, e, f);
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

#define PAST_LIBC(name, ...) PAST_LIBC_PAD(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PAST_LIBC_PAD(number, a, b, c, d, e, f, ...)                                                                   \
    past_libc(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
