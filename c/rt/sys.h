/*
 * Raw system calls. They return the kernel's value: a result, or -errno; the caller's errno is not touched. Nothing
 * here (or above) uses libc code: the same bytes run under glibc, under musl and with no libc at all.
 */
#ifndef UNSOCK_RT_SYS_H
#define UNSOCK_RT_SYS_H

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
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
#else
#error "unsock knows the system calls of x86-64 and aarch64"
#endif
}

/*
 * A process may have its system calls trapped (c/trap): the library's own carry a mark by which the filter lets them pass. It is
 * in the upper half of an argument that the kernel takes for an int, so that it leaves no register behind that a later call of
 * the program's would carry too; execve and the few others that begin with a pointer carry it in one that they do not have.
 */
#define UNSOCK_SYS_MARK 0x756e736bul

/*
 * socket() with this in the upper half of its first argument fails with an errno that no kernel has: so there is a filter. Without
 * one it is a family that does not exist.
 */
#define UNSOCK_SYS_PROBE 0x756e7370ul
#define UNSOCK_SYS_PROBE_ERRNO 4077
#define UNSOCK_SYS_NO_FAMILY 0x7fff
#define UNSOCK_SYS_UNMARKED (-1)

/* The argument of a call (0 to 5) that carries the mark; UNSOCK_SYS_UNMARKED for those that are never trapped. */
static inline __attribute__((always_inline)) int unsock_sys_marked_argument(long number) {
    switch (number) {
    case __NR_socket:
    case __NR_socketpair:
    case __NR_bind:
    case __NR_connect:
    case __NR_listen:
    case __NR_accept:
    case __NR_accept4:
    case __NR_shutdown:
    case __NR_getsockname:
    case __NR_getpeername:
    case __NR_getsockopt:
    case __NR_setsockopt:
    case __NR_sendto:
    case __NR_sendmsg:
    case __NR_sendmmsg:
    case __NR_recvfrom:
    case __NR_recvmsg:
    case __NR_recvmmsg:
    case __NR_close:
    case __NR_close_range:
    case __NR_dup:
    case __NR_dup3:
    case __NR_fcntl:
    case __NR_ioctl:
    case __NR_epoll_create1:
    case __NR_epoll_ctl:
    case __NR_epoll_pwait:
    case __NR_epoll_pwait2:
    case __NR_pselect6:
    case __NR_execveat:
    case __NR_readlinkat:
    case __NR_exit_group:
    case __NR_rt_sigaction:
    case __NR_rt_sigprocmask:
#ifdef __NR_dup2
    case __NR_dup2:
    case __NR_epoll_create:
#endif
        return 0;
    case __NR_execve:
#ifdef __NR_readlink
    case __NR_readlink:
#endif
        return 3;
    case __NR_ppoll:
    case __NR_rt_sigsuspend:
        return 5;
    default:
        return UNSOCK_SYS_UNMARKED;
    }
}

/* The mark for one argument: an int keeps its lower half, whatever is above it. */
static inline __attribute__((always_inline)) long unsock_sys_marked(long number, int argument, long value) {
    if (unsock_sys_marked_argument(number) != argument)
        return value;
    return (long)((unsigned long)(unsigned)value | UNSOCK_SYS_MARK << 32);
}

#define UNSOCK_SYS_PAD(n, a, b, c, d, e, f, ...)                                                                   \
    unsock_syscall6((long)(n), unsock_sys_marked(n, 0, (long)(a)), (long)(b), (long)(c),                           \
                    unsock_sys_marked(n, 3, (long)(d)), (long)(e), unsock_sys_marked(n, 5, (long)(f)))

/* unsock_sys(__NR_xyz, up to six arguments): numbers and pointers alike. The number is evaluated more than once. */
#define unsock_sys(...) UNSOCK_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
