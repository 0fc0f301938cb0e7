/*
 * unstarted CALL ERRNO COMMAND…: refuses CALL with this errno, as a container's or a service's seccomp filter does.
 * CALL: "bind"; "stream", "datagram": socket(2) of AF_UNIX and that type.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IS(value, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, otherwise)

static int forbid(unsigned long count, struct sock_filter *code) {
    struct sock_fprog program = {(unsigned short)count, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0;
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 99;
    unsigned refused = SECCOMP_RET_ERRNO | (unsigned)atoi(argv[2]);
    unsigned type = strcmp(argv[1], "datagram") == 0 ? SOCK_DGRAM : SOCK_STREAM;
    struct sock_filter no_bind[] = {
        LOAD(nr),
        IS(SYS_bind, 1),
        BPF_STMT(BPF_RET | BPF_K, refused),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_filter no_socket[] = {
        LOAD(nr),
        IS(SYS_socket, 6),
        LOAD(args[0]),
        IS(AF_UNIX, 4),
        LOAD(args[1]),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf),
        IS(type, 1),
        BPF_STMT(BPF_RET | BPF_K, refused),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    int failed = strcmp(argv[1], "bind") == 0 ? forbid(sizeof(no_bind) / sizeof(*no_bind), no_bind)
                                              : forbid(sizeof(no_socket) / sizeof(*no_socket), no_socket);
    if (failed) {
        perror("forbidden");
        return 99;
    }
    execvp(argv[3], argv + 3);
    perror(argv[3]);
    return 99;
}
