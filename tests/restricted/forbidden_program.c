/* Starts the program with a forbidden call, and a server for it. */
#include "forbidden.h"

#define KEPT 16

_Noreturn void fail(const char *what) {
    fprintf(stderr, "forbidden: %s: %s\n", what, strerror(errno));
    exit(2);
}

int checked(int result, const char *what) {
    if (result < 0)
        fail(what);
    return result;
}

static void forbid(int number, int error) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
    checked(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    checked(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "seccomp");
}

int program_make(char **argv) {
    int wrong = make_inherited();
    if (wrong != 0) {
        fprintf(stderr, "forbidden: what is inherited: %s\n", strerror(wrong));
        return 2;
    }
    if (strcmp(argv[2], "before") == 0)
        forbid(atoi(argv[3]), atoi(argv[4]));
    argv[1] = "use";
    execv(argv[0], argv);
    return 3;
}

int program_use(char **argv) {
    struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, REPORT_FD, 0);
    if (report == MAP_FAILED)
        return 3;
    signal(SIGPIPE, SIG_IGN);
    if (strcmp(argv[2], "after") == 0)
        forbid(atoi(argv[3]), atoi(argv[4]));
    for (int i = 0; step_name(i); i++)
        report->results[i] = make_step(i);
    report->done = 1;
    while (report->go == 0)
        continue;
    return 0;
}

/* Serves whoever comes, keeps the latest, and never answers: under the library, in the same directory. */
_Noreturn void program_guard(void) {
    struct sockaddr_in address = at(GUARD_PORT);
    struct sockaddr_in6 address6 = {.sin6_family = AF_INET6, .sin6_port = htons(GUARD_PORT)};
    struct pollfd waits[] = {{socket(AF_INET, SOCK_STREAM, 0), POLLIN, 0},
                             {socket(AF_INET, SOCK_DGRAM, 0), POLLIN, 0},
                             {socket(AF_INET6, SOCK_STREAM, 0), POLLIN, 0}};
    int kept[KEPT];
    unsigned clients = 0;
    char byte;
    memset(kept, -1, sizeof kept);
    address6.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
    checked(bind(waits[0].fd, (struct sockaddr *)&address, sizeof address), "the guard");
    checked(bind(waits[1].fd, (struct sockaddr *)&address, sizeof address), "the guard");
    checked(bind(waits[2].fd, (struct sockaddr *)&address6, sizeof address6), "the guard");
    checked(listen(waits[0].fd, 5) | listen(waits[2].fd, 5), "the guard");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    checked((int)write(STDOUT_FILENO, ".", 1), "the guard");
    for (;;) {
        poll(waits, 3, -1);
        for (int i = 0; i < 3; i++)
            if (waits[i].revents != 0 && i == 1)
                recv(waits[i].fd, &byte, 1, MSG_DONTWAIT);
            else if (waits[i].revents != 0) {
                close(kept[clients % KEPT]);
                kept[clients++ % KEPT] = accept(waits[i].fd, NULL, NULL);
            }
    }
}
