/*
 * A signal handler sends from a datagram socket while the thread that it has interrupted sends from it for the first
 * time. A filter makes the signal come at the library's last call before it knows the socket's name: the close of the
 * descriptor that the socket had until then. Without the library there is none.
 */
#include "../support/past_libc.h"
#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int client;
static address to;
static volatile sig_atomic_t failed, comes;

static void send_meanwhile(int number) {
    (void)number;
    if (comes++ == 0)
        failed = sendto(client, "b", 1, 0, &to.any, to.length) != 1;
}

/* Past the library, which would take care of a program with a filter. */
static void trap_close_of(int fd) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_close, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)fd, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof filter / sizeof filter[0], .filter = filter};
    PAST_LIBC_PAD(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0, 0, 0);
    if (PAST_LIBC_PAD(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0, 0, 0, 0) != 0)
        die("filter");
}

int main(void) {
    probe_start();
    int server = bound("127.0.0.1", 0, SOCK_DGRAM);
    to = name_of(server);
    client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    struct sigaction action = {.sa_handler = send_meanwhile};
    CHECK(sigaction(SIGSYS, &action, NULL));
    trap_close_of(client + 1);
    fact_number("first", sendto(client, "a", 1, 0, &to.any, to.length));
    fact_yes("the handler's failed", failed);
    fact_yes("it came", comes);
    fact_number("next", sendto(client, "c", 1, 0, &to.any, to.length));
    return 0;
}
