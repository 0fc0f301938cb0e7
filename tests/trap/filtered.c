/*
 * filtered KIND PROGRAM ARGUMENT...: puts a seccomp filter on itself, as containers and services do, and executes the
 * program. KIND: "harmless" forbids reboot, "listen" forbids listen, "closed" forbids further filters, "service" kills
 * at a call that no kernel has, as a list of allowed calls does (systemd's SystemCallFilter).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 3)
        return 1;
    unsigned forbidden = SYS_reboot, most = strcmp(argv[1], "service") == 0 ? 0xffff : ~0u;
    if (strcmp(argv[1], "listen") == 0)
        forbidden = SYS_listen;
    else if (strcmp(argv[1], "closed") == 0)
        forbidden = SYS_seccomp;
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, forbidden, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, most, 1, 2),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = {sizeof(program) / sizeof(program[0]), program};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter)) {
        perror("seccomp");
        return 1;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 1;
}
