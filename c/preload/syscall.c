/*
 * syscall(2): a program, or a library in it, that makes its calls by their numbers (libuv closes so) is reached as by
 * their names. All other numbers go on to the next library's function with stack and registers as they came: a clone
 * returns twice, and what its child finds on the stack must be what the caller left there.
 */
#include "calls/list.h"
#include "process/exec.h"
#include "process/start.h"
#include "rt/user.h"
#include "unsock.h"

#include <linux/io_uring.h>

#define WORD 64
#define WORDS 7 /* of 448 numbers */

#ifdef __x86_64__
#define OLDER(X, w) X(dup2, w) X(epoll_create, w) X(poll, w) X(epoll_wait, w)
#else
#define OLDER(X, w)
#endif

#define NUMBERS(X, w)                                                                                                  \
    X(socket, w)                                                                                                       \
    X(socketpair, w)                                                                                                   \
    X(bind, w)                                                                                                         \
    X(connect, w)                                                                                                      \
    X(listen, w)                                                                                                       \
    X(accept, w)                                                                                                       \
    X(accept4, w)                                                                                                      \
    X(shutdown, w)                                                                                                     \
    X(getsockname, w)                                                                                                  \
    X(getpeername, w)                                                                                                  \
    X(getsockopt, w)                                                                                                   \
    X(setsockopt, w)                                                                                                   \
    X(sendto, w)                                                                                                       \
    X(recvfrom, w)                                                                                                     \
    X(sendmsg, w)                                                                                                      \
    X(recvmsg, w)                                                                                                      \
    X(sendmmsg, w)                                                                                                     \
    X(recvmmsg, w)                                                                                                     \
    X(write, w)                                                                                                        \
    X(writev, w)                                                                                                       \
    X(sendfile, w)                                                                                                     \
    X(splice, w)                                                                                                       \
    X(close, w)                                                                                                        \
    X(close_range, w)                                                                                                  \
    X(dup, w)                                                                                                          \
    X(dup3, w)                                                                                                         \
    X(fcntl, w)                                                                                                        \
    X(ioctl, w)                                                                                                        \
    X(epoll_create1, w)                                                                                                \
    X(epoll_ctl, w)                                                                                                    \
    X(ppoll, w)                                                                                                        \
    X(epoll_pwait, w)                                                                                                  \
    X(epoll_pwait2, w)                                                                                                 \
    X(io_uring_setup, w)                                                                                               \
    X(execve, w)                                                                                                       \
    X(execveat, w)                                                                                                     \
    X(exit_group, w)                                                                                                   \
    X(prctl, w)                                                                                                        \
    X(seccomp, w)                                                                                                      \
    OLDER(X, w)

#define BIT_IN(name, w) | (__NR_##name / WORD == (w) ? (uint64_t)1 << __NR_##name % WORD : 0)
#define BITS(w) 0 NUMBERS(BIT_IN, w)
#define FITS(name, w) _Static_assert(__NR_##name < WORD * (w), "a number beyond the table");
NUMBERS(FITS, WORDS)

#define NAMED __attribute__((used)) /* in assembly, which the compiler does not read */

/* A bit for each number that is answered here. */
NAMED const uint64_t unsock_syscall_bits[WORDS] = {BITS(0), BITS(1), BITS(2), BITS(3), BITS(4), BITS(5), BITS(6)};

/* By itself: other calls need not have room for this on their stack. */
__attribute__((noinline)) static long execute(int directory, long path, long argv, long environment, int flags) {
    struct unsock_exec exec = {directory, (const char *)path, (const char *const *)argv,
                               (const char *const *)environment, flags};
    return unsock_exec(&exec);
}

/*
 * libuv (node from 22 on, uvloop) registers descriptors in its epoll set by a ring, of which nothing is seen here, if
 * the ring has what it takes for the sign of a newer kernel; and by epoll_ctl if not. Nobody else is known to ask for
 * it.
 */
static long set_up_ring(unsigned entries, struct io_uring_params *params) {
    struct io_uring_params copy;
    long ring = unsock_io_uring_setup(entries, params);
    if (ring < 0 || unsock_user_read(&copy, params, sizeof(copy)) < 0)
        return ring;
    copy.features &= ~IORING_FEAT_RSRC_TAGS;
    unsock_user_write(params, &copy, sizeof(copy));
    return ring;
}

/* Calls that change what the process is. */
static long answer_others(long number, long a, long b, long c, long d, long e, long f) {
    switch (number) {
    case __NR_io_uring_setup:
        return set_up_ring((unsigned)a, (struct io_uring_params *)b);
    case __NR_execve:
        return execute(AT_FDCWD, a, b, c, 0);
    case __NR_execveat:
        return execute((int)a, b, c, d, (int)e);
    case __NR_exit_group:
        unsock_call_exit();
        return unsock_syscall6(number, a, b, c, d, e, f);
    default:
        return unsock_call_by_number(number, (const long[]){a, b, c, d, e, f});
    }
}

/* Where there is no next function (Deno.dlopen), or the library has not looked for it yet. */
NAMED long unsock_syscall_plain(long number, long a, long b, long c, long d, long e, long f) {
    return unsock_libc_result(unsock_syscall6(number, a, b, c, d, e, f));
}

NAMED long unsock_syscall_answer(long number, long a, long b, long c, long d, long e, long f) {
    if (!unsock_active())
        return unsock_syscall_plain(number, a, b, c, d, e, f);
    return unsock_libc_result(answer_others(number, a, b, c, d, e, f));
}

/* Is the number's bit set? Then the answer; else on, with everything where it was. */
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        "syscall:\n"
        ".cfi_startproc\n"
#if defined(__x86_64__)
        "endbr64\n"
        "cmp $(7*64-1), %rdi\n"
        "ja 1f\n"
        "mov %rdi, %rax\n"
        "shr $6, %rax\n"
        "lea unsock_syscall_bits(%rip), %r10\n"
        "mov (%r10,%rax,8), %rax\n"
        "bt %rdi, %rax\n"
        "jc unsock_syscall_answer\n"
        "1: mov unsock_next_syscall(%rip), %rax\n"
        "test %rax, %rax\n"
        "jz unsock_syscall_plain\n"
        "jmp *%rax\n"
#elif defined(__aarch64__)
        "hint #34\n" /* bti c */
        "cmp x0, #(7*64-1)\n"
        "b.hi 1f\n"
        "adrp x16, unsock_syscall_bits\n"
        "add x16, x16, :lo12:unsock_syscall_bits\n"
        "lsr x17, x0, #6\n"
        "ldr x16, [x16, x17, lsl #3]\n"
        "lsr x16, x16, x0\n"
        "tbz x16, #0, 1f\n"
        "b unsock_syscall_answer\n"
        "1: adrp x16, unsock_next_syscall\n"
        "ldr x16, [x16, :lo12:unsock_next_syscall]\n"
        "cbz x16, 2f\n"
        "br x16\n"
        "2: b unsock_syscall_plain\n"
#endif
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");
