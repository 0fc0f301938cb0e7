/* The bare system call instruction. Tests use it to make calls that no interposed function can intercept. */
#ifndef UNSOCK_RT_SYSCALL6_H
#define UNSOCK_RT_SYSCALL6_H

/* Makes the call, then clears the registers of the fourth and sixth argument, which may hold the mark (rt/calls.h). */
static inline long unsock_syscall6(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall\n\txor %%r10d, %%r10d\n\txor %%r9d, %%r9d"
                     : "=a"(result), "+r"(r10), "+r"(r9)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r8)
                     : "rcx", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0\n\tmov x3, #0\n\tmov x5, #0"
                     : "+r"(x0), "+r"(x3), "+r"(x5)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x4)
                     : "memory", "cc");
    return x0;
#else
#error "unsock knows the system calls of x86-64 and aarch64"
#endif
}

#endif
