/* The table of trapped system calls. */
#include "trap/trapped.h"

#include "rt/system_calls.h"

#include <asm/ioctls.h>
#include <linux/prctl.h>

#define ALWAYS(name) {.number = __NR_##name, .when = UNSOCK_TRAPPED_ALWAYS}
#define IF_SET(name, which) {.number = __NR_##name, .when = UNSOCK_TRAPPED_IF_SET, .argument = (which)}
#define NO_SYSTEM(name) {.number = __NR_##name, .when = UNSOCK_TRAPPED_NO_SYSTEM}

const struct unsock_trapped unsock_trapped[] = {
    [UNSOCK_TRAPPED_FCNTL] = {.number = __NR_fcntl,
                              .when = UNSOCK_TRAPPED_IF_VALUE,
                              .argument = 1,
                              .value_count = 5,
                              .values = {F_DUPFD, UNSOCK_F_DUPFD_CLOEXEC, F_SETFL, UNSOCK_F_SETOWN,
                                         UNSOCK_F_SETOWN_EX}},
    [UNSOCK_TRAPPED_IOCTL] = {.number = __NR_ioctl,
                              .when = UNSOCK_TRAPPED_IF_VALUE,
                              .argument = 1,
                              .value_count = 3,
                              .values = {UNSOCK_FIONBIO, UNSOCK_SIOCOUTQ, FIONREAD},
                              .mask = 0xff00,
                              .masked = UNSOCK_SIOC_INTERFACE},
    ALWAYS(socket),
    ALWAYS(socketpair),
    ALWAYS(bind),
    ALWAYS(connect),
    ALWAYS(listen),
    ALWAYS(accept),
    ALWAYS(accept4),
    ALWAYS(shutdown),
    ALWAYS(getsockname),
    ALWAYS(getpeername),
    ALWAYS(getsockopt),
    ALWAYS(setsockopt),
    /* Without an address these are the data path of streams: send and recv. */
    IF_SET(sendto, 4),
    /* The queue of errors, and MSG_PEEK with MSG_WAITALL: both, as the larger of them is not enough. */
    {.number = __NR_recvfrom,
     .when = UNSOCK_TRAPPED_IF_SET,
     .argument = 4,
     .mask = MSG_ERRQUEUE | MSG_PEEK | MSG_WAITALL,
     .masked = MSG_WAITALL},
    ALWAYS(sendmsg),
    ALWAYS(sendmmsg),
    ALWAYS(recvmsg),
    ALWAYS(recvmmsg),
    /* Files go with their last descriptor; what is known of a descriptor goes with it too, and on to its duplicates. */
    ALWAYS(close),
    ALWAYS(close_range),
    ALWAYS(dup),
    ALWAYS(dup3),
    ALWAYS(exit_group),
    ALWAYS(epoll_create1),
    ALWAYS(epoll_ctl),
    ALWAYS(execve),
    ALWAYS(execveat),
    /* /proc/self/exe is the library. */
    ALWAYS(readlinkat),
    /* A blocked or handled SIGSYS would be the end of the program. */
    ALWAYS(rt_sigaction),
    {.number = __NR_rt_sigprocmask,
     .when = UNSOCK_TRAPPED_UNLESS,
     .argument = 0,
     .value_count = 1,
     .values = {SIG_UNBLOCK}},
    ALWAYS(rt_sigsuspend),
    IF_SET(ppoll, 3),
    IF_SET(pselect6, 5),
    IF_SET(epoll_pwait, 4),
    IF_SET(epoll_pwait2, 4),
    /* A filter of the program's own knows the program's calls, and not those that stand for them. */
    ALWAYS(seccomp),
    {.number = __NR_prctl,
     .when = UNSOCK_TRAPPED_IF_VALUE,
     .argument = 0,
     .value_count = 1,
     .values = {PR_SET_SECCOMP}},
    /* Its calls are the kernel's own threads': nothing can trap them. */
    NO_SYSTEM(io_uring_setup),
    /* Can take all handlers away from the child, whose first system call would kill it; clone cannot. */
    NO_SYSTEM(clone3),
#ifdef __x86_64__
    ALWAYS(dup2),
    ALWAYS(epoll_create),
    ALWAYS(readlink),
#endif
};

const size_t unsock_trapped_count = sizeof(unsock_trapped) / sizeof(unsock_trapped[0]);

bool unsock_trapped_by_value(const struct unsock_trapped *call, uint32_t value) {
    if (call->mask && (value & call->mask) == call->masked)
        return true;
    for (unsigned i = 0; i < call->value_count; i++)
        if (call->values[i] == value)
            return true;
    return false;
}
