/* Interposes syscall(2), and answers the numbers of intercepted calls (libuv closes descriptors in this way). Passes
 * any other number on by a jump, with stack and arguments unchanged: the child of a clone returns here, too, and needs
 * the stack as the caller of syscall left it. */
#include "calls/list.h"
#include "process/exec.h"
#include "process/start.h"
#include "rt/user.h"
#include "unsock.h"

#include <linux/io_uring.h>

#define NUMBERS 448

#define NAMED __attribute__((used)) /* used by assembly only */

#define ANSWERED(exported, next, machines, mark, trapped, type, name, parameters)                                      \
    UNSOCK_IF_ON_##machines([__NR_##name] = true, )
#define ANSWERED_DOOR_CALL(exported, machines, mark, syscall, trapped, name) ANSWERED_IF_##syscall(name)
#define ANSWERED_IF_YES(name) [__NR_##name] = true,
#define ANSWERED_IF_NO(name)

NAMED const bool unsock_syscall_answered[NUMBERS] = {UNSOCK_CALLS(ANSWERED) UNSOCK_DOOR_CALLS(ANSWERED_DOOR_CALL)};

/* Makes an execve(2) or execveat(2). Not inlined, so that other calls need no stack for it. */
__attribute__((noinline)) static long execute_by_syscall(int directory, long path, long argv, long environment,
                                                         int flags) {
    struct unsock_exec exec = {directory, (const char *)path, (const char *const *)argv,
                               (const char *const *)environment, flags};
    return unsock_exec(&exec);
}

/* Makes an io_uring, and hides a feature of newer kernels. With it libuv (Node.js from 22 on, uvloop) would register
 * descriptors in its epoll set by the ring, unseen by the library; without it libuv calls epoll_ctl. */
static long set_up_ring(unsigned entries, struct io_uring_params *params) {
    struct io_uring_params copy;
    long ring = unsock_io_uring_setup(entries, params);
    if (ring < 0 || unsock_user_read(&copy, params, sizeof(copy)) < 0)
        return ring;
    copy.features &= ~IORING_FEAT_RSRC_TAGS;
    unsock_user_write(params, &copy, sizeof(copy));
    return ring;
}

/* Answers a call by its number: the ring and the execs here, others by the code for trapped and rewritten calls. */
static long answer_others(long number, long a, long b, long c, long d, long e, long f) {
    switch (number) {
    case __NR_io_uring_setup:
        return set_up_ring((unsigned)a, (struct io_uring_params *)b);
    case __NR_execve:
        return execute_by_syscall(AT_FDCWD, a, b, c, 0);
    case __NR_execveat:
        return execute_by_syscall((int)a, b, c, d, (int)e);
    default:
        return unsock_call_by_number(number, (const long[]){a, b, c, d, e, f});
    }
}

/* Makes the call if the library redirects nothing in this process, or has found no libc's syscall(2) (Deno.dlopen). */
NAMED long unsock_syscall_plain(long number, long a, long b, long c, long d, long e, long f) {
    return unsock_libc_result(unsock_syscall6(number, a, b, c, d, e, f));
}

NAMED long unsock_syscall_answer(long number, long a, long b, long c, long d, long e, long f) {
    if (!unsock_active())
        return unsock_syscall_plain(number, a, b, c, d, e, f);
    return unsock_libc_result(answer_others(number, a, b, c, d, e, f));
}

_Static_assert(NUMBERS == 447 + 1, "as in x86_64.S and aarch64.S");
