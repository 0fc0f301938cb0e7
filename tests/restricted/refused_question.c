/*
 * Binds any port, and sends by UDP, below a filter of the program's own that answers readlinkat with EPERM, and counts
 * the library's calls of readlinkat.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void refuse(int number, siginfo_t *info, void *context) {
    mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
    (void)number;
    (void)info;
    asked++;
#ifdef __x86_64__
    machine->gregs[REG_RAX] = -EPERM;
#else
    machine->regs[0] = (unsigned long long)-EPERM;
#endif
}

static void set_filter(void) {
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_readlinkat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof steps[0], steps};
    struct sigaction action = {.sa_sigaction = refuse, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        perror("seccomp");
}

static void tell(const char *name, long result) {
    printf("%s=\"%s\"\n", name, result >= 0 ? "ok" : strerrorname_np(errno));
    printf("%s asks often=%s\n", name, asked > 3 ? "true" : "false");
    asked = 0;
}

int main(void) {
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}, taken = any;
    taken.sin_port = htons(7720);
    int stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);
    set_filter();
    tell("bind to any port", bind(stream, (struct sockaddr *)&any, sizeof any));
    tell("bind of datagrams", bind(datagram, (struct sockaddr *)&any, sizeof any));
    stream = socket(AF_INET, SOCK_STREAM, 0), datagram = socket(AF_INET, SOCK_DGRAM, 0);
    tell("connect", connect(stream, (struct sockaddr *)&taken, sizeof taken));
    tell("bind to a port", bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&taken, sizeof taken));
    tell("sendto", sendto(datagram, "x", 1, 0, (struct sockaddr *)&taken, sizeof taken));
    return 0;
}
