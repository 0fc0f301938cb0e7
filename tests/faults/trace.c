/* Tracing: each system call stops by a seccomp filter before it is done, so that it costs one stop. */
#define _GNU_SOURCE
#include "injector.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "a system call's result is set in a register of x86-64"
#endif

#define STACK_WORDS 64
#define PROCESSES_MOST 64
#define PROGRAM_START 0x555555554000u /* where a program is without randomization */
#define PROGRAM_MOST 0x100000u
#define TRACE                                                                                                          \
    (PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |     \
     PTRACE_O_EXITKILL)

/* Calls that cannot fail with good arguments, or of whose failure nobody could make anything. */
static const int never_fail[] = {__NR_rt_sigprocmask, __NR_rt_sigreturn,  __NR_rt_sigaction, __NR_getpid,
                                 __NR_gettid,         __NR_getuid,        __NR_geteuid,      __NR_getgid,
                                 __NR_getegid,        __NR_clock_gettime, __NR_exit,         __NR_exit_group,
                                 __NR_sched_yield,    __NR_wait4,         __NR_futex,        __NR_alarm};

/* Where the library's code is in a process: it may be preloaded, the program itself, or loaded by that (`run`). */
struct code {
    pid_t pid;
    uint64_t start, end;
};
static struct code codes[PROCESSES_MOST];

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "injector: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void filter_calls(void) {
    struct sock_filter code[2 * 32];
    unsigned short length = 0;
    code[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < sizeof never_fail / sizeof never_fail[0]; i++) {
        code[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)never_fail[i], 0, 1);
        code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);
    struct sock_fprog program = {length, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        _exit(126);
}

static pid_t start(char *const *argv, const char *preload, int output) {
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid > 0)
        return pid;
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    close_range(3, ~0u, 0);
    setenv("LD_PRELOAD", preload, 1);
    personality(ADDR_NO_RANDOMIZE);
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    filter_calls();
    execv(argv[0], argv);
    _exit(126);
}

static struct code *code_of(pid_t pid) {
    struct code *free = &codes[0];
    for (size_t i = 0; i < PROCESSES_MOST; i++) {
        if (codes[i].pid == pid)
            return &codes[i];
        if (codes[i].pid == 0)
            free = &codes[i];
    }
    *free = (struct code){pid, 0, 0};
    return free;
}

/* Shortens a mapping of the library's first bytes to its sections of code: the headers and tables before these are in
 * the same mapping, and the dynamic linker's stack has their addresses. */
static void keep_sections(struct code *code, const char *library) {
    Elf64_Ehdr head = {0};
    Elf64_Shdr section;
    uint64_t base = code->start, start = UINT64_MAX, end = 0;
    FILE *file = fopen(library, "re");
    if (!file || fread(&head, sizeof head, 1, file) != 1 || fseek(file, (long)head.e_shoff, SEEK_SET) != 0)
        fail(library);
    for (int i = 0; i < head.e_shnum && fread(&section, sizeof section, 1, file) == 1; i++)
        if (section.sh_flags & SHF_EXECINSTR) {
            start = section.sh_addr < start ? section.sh_addr : start;
            end = section.sh_addr + section.sh_size > end ? section.sh_addr + section.sh_size : end;
        }
    fclose(file);
    if (end == 0)
        fail("sections of code");
    code->start = base + start;
    code->end = base + end;
}

static void find_code(struct code *code, const char *library) {
    char path[64], line[4096], rights[5];
    snprintf(path, sizeof path, "/proc/%d/maps", code->pid);
    FILE *maps = fopen(path, "re");
    while (maps && code->end == 0 && fgets(line, sizeof line, maps)) {
        uint64_t first, last;
        if (strstr(line, library) && sscanf(line, "%lx-%lx %4s", &first, &last, rights) == 3 && rights[2] == 'x')
            code->start = first, code->end = last;
    }
    if (code->end != 0)
        keep_sections(code, library);
    if (maps)
        fclose(maps);
}

static bool is_in(const struct code *code, uint64_t place) {
    return place >= code->start && place < code->end;
}

/* Those that the library leaves to libc's functions, as they are cancellation points. */
static bool goes_through_libc(uint64_t number) {
    static const int through[] = {__NR_connect, __NR_accept,  __NR_accept4,  __NR_recvfrom, __NR_recvmsg, __NR_recvmmsg,
                                  __NR_sendto,  __NR_sendmsg, __NR_sendmmsg, __NR_close,    __NR_fcntl};
    for (size_t i = 0; i < sizeof through / sizeof through[0]; i++)
        if (number == (uint64_t)through[i])
            return true;
    return false;
}

/*
 * Looks at the stack above a call for return addresses: of the library, then it is the library's call; together with
 * the program's they tell the place where it was made.
 */
static bool look_at_stack(const struct code *code, const struct __ptrace_syscall_info *call, unsigned *place) {
    uint64_t words[STACK_WORDS];
    struct iovec here = {words, sizeof words}, there = {(void *)call->stack_pointer, sizeof words};
    ssize_t got = process_vm_readv(code->pid, &here, 1, &there, 1, 0);
    bool found = false;
    *place = (unsigned)call->instruction_pointer;
    for (ssize_t i = 0; i < got / (ssize_t)sizeof words[0]; i++) {
        bool library = is_in(code, words[i]);
        found |= library;
        if (library || words[i] - PROGRAM_START < PROGRAM_MOST)
            *place = *place * 31 + (unsigned)words[i];
    }
    return found;
}

static void set_register(pid_t pid, size_t offset, long value) {
    if (ptrace(PTRACE_POKEUSER, pid, offset, value) < 0 && errno != ESRCH)
        fail("ptrace");
}

/* A close always closes, whatever it says. Returns how the process is to go on. */
static enum __ptrace_request refuse(pid_t pid, uint64_t number, int error) {
    if (number == __NR_close)
        return PTRACE_SYSCALL;
    set_register(pid, offsetof(struct user_regs_struct, orig_rax), -1);
    set_register(pid, offsetof(struct user_regs_struct, rax), -error);
    return PTRACE_CONT;
}

/* A stop before a system call. */
static enum __ptrace_request at_call(pid_t pid, const char *library, struct fault fault, struct outcome *outcome) {
    struct __ptrace_syscall_info call;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof call, &call) < 0)
        return PTRACE_CONT;
    struct code *code = code_of(pid);
    if (code->end == 0)
        find_code(code, library);
    bool direct = is_in(code, call.instruction_pointer);
    if (!direct && !goes_through_libc(call.seccomp.nr))
        return PTRACE_CONT;
    unsigned place;
    if (!look_at_stack(code, &call, &place) && !direct)
        return PTRACE_CONT;
    if (outcome->calls < CALLS_MOST) {
        outcome->numbers[outcome->calls] = (short)call.seccomp.nr;
        outcome->places[outcome->calls] = place;
    }
    if (++outcome->calls != fault.at)
        return PTRACE_CONT;
    outcome->number = (int)call.seccomp.nr;
    if (fault.error != KILLED)
        return refuse(pid, call.seccomp.nr, fault.error);
    kill(pid, SIGKILL);
    return PTRACE_CONT;
}

static void read_all(int fd, char *text, size_t size) {
    size_t filled = 0;
    for (ssize_t got; filled < size - 1 && (got = read(fd, text + filled, size - 1 - filled)) > 0;
         filled += (size_t)got)
        continue;
    text[filled] = '\0';
}

struct outcome injected_run(char *const *argv, const char *preload, const char *library, struct fault fault) {
    struct outcome outcome = {.number = -1};
    int output[2], status;
    if (pipe2(output, O_CLOEXEC) < 0)
        fail("pipe");
    pid_t first = start(argv, preload, output[1]);
    close(output[1]);
    if (waitpid(first, &status, 0) != first || !WIFSTOPPED(status))
        fail("the program did not start");
    if (ptrace(PTRACE_SETOPTIONS, first, 0, TRACE | PTRACE_O_TRACESYSGOOD) < 0)
        fail("ptrace");
    ptrace(PTRACE_CONT, first, 0, 0);
    /* Also those with a session of their own, as `hold` has. */
    for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR;) {
        if (pid == first && !WIFSTOPPED(status))
            outcome.status = status;
        if (pid > 0 && (!WIFSTOPPED(status) || status >> 16 == PTRACE_EVENT_EXEC))
            code_of(pid)->pid = 0;
        if (pid <= 0 || !WIFSTOPPED(status))
            continue;
        enum __ptrace_request on = PTRACE_CONT;
        int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_SECCOMP)
            on = at_call(pid, library, fault, &outcome);
        else if (signal == (SIGTRAP | 0x80) && fault.error > 0)
            set_register(pid, offsetof(struct user_regs_struct, rax), -fault.error);
        bool deliver = event == 0 && signal != SIGTRAP && signal != (SIGTRAP | 0x80) && signal != SIGSTOP;
        ptrace(on, pid, 0, deliver ? signal : 0);
    }
    read_all(output[0], outcome.text, sizeof outcome.text);
    close(output[0]);
    return outcome;
}
