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

#define NUMBERS 448

#define NAMED __attribute__((used)) /* in assembly, which the compiler does not read */

#define ANSWERED(exported, next, machines, mark, trapped, type, name, parameters)                                      \
    UNSOCK_IF_ON_##machines([__NR_##name] = true, )
#define ANSWERED_DOOR_CALL(exported, machines, mark, syscall, trapped, name) ANSWERED_IF_##syscall(name)
#define ANSWERED_IF_YES(name) [__NR_##name] = true,
#define ANSWERED_IF_NO(name)

/* True for each number that is answered here. */
NAMED const bool unsock_syscall_answered[NUMBERS] = {UNSOCK_CALLS(ANSWERED) UNSOCK_DOOR_CALLS(ANSWERED_DOOR_CALL)};

/* By itself: other calls need not have room for this on their stack. */
__attribute__((noinline)) static long execute_by_syscall(int directory, long path, long argv, long environment,
                                                         int flags) {
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
        return execute_by_syscall(AT_FDCWD, a, b, c, 0);
    case __NR_execveat:
        return execute_by_syscall((int)a, b, c, d, (int)e);
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

/* If the number is answered here, the answer; else on, with everything where it was. */
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        "syscall:\n"
        ".cfi_startproc\n"
#if defined(__x86_64__)
        "endbr64\n"
        "cmp $447, %rdi\n"
        "ja 1f\n"
        "lea unsock_syscall_answered(%rip), %r10\n"
        "cmpb $0, (%r10,%rdi)\n"
        "jne unsock_syscall_answer\n"
        "1: mov unsock_next_syscall(%rip), %rax\n"
        "test %rax, %rax\n"
        "jz unsock_syscall_plain\n"
        "jmp *%rax\n"
#elif defined(__aarch64__)
        "hint #34\n" /* bti c */
        "cmp x0, #447\n"
        "b.hi 1f\n"
        "adrp x16, unsock_syscall_answered\n"
        "add x16, x16, :lo12:unsock_syscall_answered\n"
        "ldrb w16, [x16, x0]\n"
        "cbz w16, 1f\n"
        "b unsock_syscall_answer\n"
        "1: adrp x16, unsock_next_syscall\n"
        "ldr x16, [x16, :lo12:unsock_next_syscall]\n"
        "cbz x16, 2f\n"
        "br x16\n"
        "2: b unsock_syscall_plain\n"
#endif
        ".cfi_endproc\n"
        ".size syscall, .-syscall\n");

_Static_assert(NUMBERS == 447 + 1, "as above");
