/*
 * Executes a program for which memory that was written to may not be made executable:
 *
 *   without_exec prctl PROGRAM…    by PR_SET_MDWE (kernel 6.3)
 *   without_exec seccomp PROGRAM…  by a filter, as systemd's MemoryDenyWriteExecute= sets it on kernels without that
 *                                  option
 *   without_exec code PROGRAM…     by a filter that refuses it only for the code of a static program, like a policy
 *                                  that distinguishes memory of files from other memory
 *   without_exec again PROGRAM…    the same, and the pages after the first one of that code may not be mapped from a
 *                                  file again either
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))

#define CODE_BEHIND 0x402000
#define CODE_END 0x480000 /* of a small program that begins at 0x400000; what the library adds lies behind */

static int filter(struct sock_filter *code, unsigned short count) {
    struct sock_fprog filter = {count, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
}

/* mmap with PROT_EXEC inside of the code is EPERM. */
static int refuse_again(void) {
    struct sock_filter code[] = {
        LOAD(nr),
        UNLESS(__NR_mmap, 6),
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 4),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CODE_BEHIND, 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CODE_END, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return filter(code, sizeof(code) / sizeof(code[0]));
}

/* mprotect with PROT_EXEC below an address, and mmap with that and PROT_WRITE, are EPERM. */
static int refuse_by_filter(uint32_t below) {
    struct sock_filter code[] = {
        LOAD(nr),
        UNLESS(__NR_mprotect, 4),
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 7),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, below, 5, 4),
        UNLESS(__NR_mmap, 4),
        LOAD(args[2]),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
        UNLESS(PROT_WRITE | PROT_EXEC, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    return filter(code, sizeof(code) / sizeof(code[0]));
}

int main(int count, char **words) {
    if (count < 3)
        return 2;
    bool again = strcmp(words[1], "again") == 0;
    uint32_t below = again || strcmp(words[1], "code") == 0 ? CODE_END : UINT32_MAX;
    int refused = strcmp(words[1], "prctl") == 0 ? prctl(PR_SET_MDWE, 1, 0, 0, 0) : refuse_by_filter(below);
    if (refused == 0 && again)
        refused = refuse_again();
    if (refused != 0) {
        perror(words[1]);
        return 2;
    }
    execv(words[2], words + 2);
    return 3;
}
