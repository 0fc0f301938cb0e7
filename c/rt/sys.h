/*
 * Raw system calls. They return the kernel's value: a result, or -errno; the caller's errno is not touched. Nothing
 * here (or above) uses libc code: the same bytes run under glibc, under musl and with no libc at all.
 */
#ifndef UNSOCK_RT_SYS_H
#define UNSOCK_RT_SYS_H

#include "rt/mark.h"

#include <asm/unistd.h>

static inline long unsock_syscall6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
#else
#error "unsock knows the system calls of x86-64 and aarch64"
#endif
}

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
