/* Prints the trap's filter for filter_test.ts: the mark, then an instruction a line, then the table's rows. */
#include "rt/calls.h"
#include "trap/trapped.h"

#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define NAME(name) printf("call " #name " %d %d\n", __NR_##name, unsock_sys_marked_argument(__NR_##name))

/* A call that is always trapped and has no argument for a mark, and another that a value decides. */
static const struct unsock_trapped plain[] = {
    {.number = __NR_getppid, .when = UNSOCK_TRAPPED_ALWAYS},
    {.number = __NR_socketpair, .when = UNSOCK_TRAPPED_IF_VALUE, .value_count = 1, .values = {AF_INET}},
};

static void print(const struct sock_filter *program, size_t length, const char *kind) {
    for (size_t i = 0; i < length; i++)
        printf("%s %u %u %u %u\n", kind, program[i].code, program[i].jt, program[i].jf, program[i].k);
}

int main(void) {
    struct sock_filter program[UNSOCK_FILTER_MOST];
    print(program, unsock_filter_make(plain, 2, program, UNSOCK_FILTER_MOST), "plain");
    size_t length = unsock_filter_make(unsock_trapped, UNSOCK_TRAPPED_COUNT, program, UNSOCK_FILTER_MOST);
    printf("mark %lu\nprobe %lu\ntag %d\nprobe_errno %d\n", UNSOCK_SYS_MARK, UNSOCK_SYS_PROBE, UNSOCK_FILTER_TAG,
           UNSOCK_SYS_PROBE_ERRNO);
    print(program, length, "instruction");
    for (size_t i = 0; i < UNSOCK_TRAPPED_COUNT; i++)
        printf("trapped %u %u\n", unsock_trapped[i].number, unsock_trapped[i].when);
    /* One instruction less than it needs is no filter. */
    printf("short %zu\n", unsock_filter_make(unsock_trapped, UNSOCK_TRAPPED_COUNT, program, length - 1));
    NAME(socket), NAME(bind), NAME(sendto), NAME(recvfrom), NAME(fcntl), NAME(ioctl), NAME(execve), NAME(ppoll),
        NAME(pselect6);
    NAME(rt_sigprocmask), NAME(rt_sigreturn), NAME(read), NAME(write), NAME(io_uring_setup), NAME(clone3), NAME(clone);
    NAME(epoll_pwait), NAME(close), NAME(prctl), NAME(seccomp), NAME(getppid);
    printf("number_tag %u\n", UNSOCK_TRAPPED_TAG);
    return 0;
}
