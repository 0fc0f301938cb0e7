/* A system call that no library can stand before: made right here. Returns as syscall(2) does. Included before all
 * else.
 */
#ifndef PAST_LIBC_H
#define PAST_LIBC_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <errno.h>
#include <sys/syscall.h>

static inline long past_libc(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
#else
    register long x8 __asm__("x8") = number;
    register long result __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(result) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
#endif
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

#define PAST_LIBC(name, ...) PAST_LIBC_PAD(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define PAST_LIBC_PAD(number, a, b, c, d, e, f, ...)                                                                   \
    past_libc(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#endif
