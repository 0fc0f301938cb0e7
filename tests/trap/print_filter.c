/* Prints the trap's filter for filter_test.ts: values, an instruction a line, and the calls. */
#include "rt/base.h"
#include "rt/calls.h"
#include "rt/system_calls.h"
#include "trap/trapped.h"

#include <stdio.h>

#if defined(__x86_64__)
#include "../build/filter_x86_64.h"
#else
#include "../build/filter_aarch64.h"
#endif

#define NAME(name) printf("call " #name " %d %d\n", __NR_##name, unsock_sys_marked_argument(__NR_##name))

/* A row whose rule is ALWAYS. */
#define ALWAYS 0
#define NO_SYSTEM 1
#define UNLESS(...) 1
#define IF_SET(...) 1
#define IF_SET_OR(...) 1
#define IF_VALUE(...) 1
#define IF_VALUE_OR(...) 1
#define ROW(exported, next, machines, mark, trapped, type, name, parameters)                                           \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(printf("trapped %d %d\n", __NR_##name, trapped);))
#define DOOR_ROW(exported, machines, mark, syscall, trapped, name)                                                     \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(printf("trapped %d %d\n", __NR_##name, trapped);))

int main(void) {
    printf("mark %lu\nprobe %lu\ntag %d\nprobe_errno %d\n", UNSOCK_SYS_MARK, UNSOCK_SYS_PROBE, UNSOCK_FILTER_TAG,
           UNSOCK_SYS_PROBE_ERRNO);
    for (size_t i = 0; i < sizeof(trap_filter) / sizeof(trap_filter[0]); i++)
        printf("instruction %u %u %u %u\n", trap_filter[i].code, trap_filter[i].jt, trap_filter[i].jf,
               trap_filter[i].k);
    UNSOCK_CALLS(ROW)
    UNSOCK_DOOR_CALLS(DOOR_ROW)
    NAME(socket), NAME(bind), NAME(sendto), NAME(recvfrom), NAME(fcntl), NAME(ioctl), NAME(execve), NAME(ppoll),
        NAME(pselect6);
    NAME(rt_sigprocmask), NAME(rt_sigreturn), NAME(read), NAME(write), NAME(io_uring_setup), NAME(clone3), NAME(clone);
    NAME(epoll_pwait), NAME(close), NAME(prctl), NAME(seccomp), NAME(getppid);
    printf("number_tag %u\n", UNSOCK_TRAPPED_TAG);
    return 0;
}
