/* Processes that are stopped at each of their system calls, by ptrace. */
#include "explore.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define TURNS_MOST 20000
#define ALL_CALLS 1000000

static void fail(const char *what) {
    fprintf(stderr, "explore: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* The first stop ends what is before the exploration, the second holds the process when it has done all. */
static void be_process(int number, const char *operations) {
    const char *explored = strchr(operations, '/');
    char before[256] = "";
    if (explored)
        snprintf(before, sizeof before, "%.*s", (int)(explored - operations), operations);
    carry_out(number, before);
    raise(SIGSTOP);
    carry_out(number, explored ? explored + 1 : operations);
    raise(SIGSTOP);
    drain();
    close_all();
    exit(0);
}

void start_process(struct process *process, int number, const char *operations) {
    int status;
    *process = (struct process){.pid = fork()};
    if (process->pid < 0)
        fail("fork");
    if (process->pid == 0) {
        shared->process[number] = getpid();
        if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
            fail("ptrace");
        close(hold[1]);
        be_process(number, operations);
    }
    for (;;) {
        if (waitpid(process->pid, &status, 0) < 0)
            fail("waitpid");
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            process->gone = true; /* a scenario may have it killed before */
            return;
        }
        if (WSTOPSIG(status) == SIGSTOP)
            break;
        ptrace(PTRACE_CONT, process->pid, 0, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status));
    }
    ptrace(PTRACE_SETOPTIONS, process->pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
}

/* Which call it stands before. */
static long call_of(const struct process *process) {
    struct __ptrace_syscall_info info;
    if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof info, &info) <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return -1;
    return (long)info.entry.nr;
}

/* To its next call. Returns whether it waits for somebody there. */
static bool step(struct process *process) {
    int status, deliver = 0;
    for (;;) {
        ptrace(PTRACE_SYSCALL, process->pid, 0, deliver);
        if (waitpid(process->pid, &status, 0) < 0)
            fail("waitpid");
        deliver = 0;
        if (WIFEXITED(status) || WIFSIGNALED(status)) {
            process->gone = true;
            return false;
        }
        int signal = WSTOPSIG(status);
        if (signal == SIGSTOP) {
            process->held = true;
            return false;
        }
        if (signal != (SIGTRAP | 0x80)) {
            deliver = signal == SIGTRAP ? 0 : signal;
            continue;
        }
        process->inside = !process->inside;
        if (!process->inside)
            continue;
        process->calls++;
        shared->now++;
        long call = call_of(process);
        return call == SYS_clock_nanosleep || call == SYS_nanosleep;
    }
}

void let_go(struct process *process, int calls) {
    for (int i = 0; i < calls && !process->held && !process->gone; i++)
        if (step(process))
            return;
}

bool let_all_end(struct process *processes, int count) {
    for (int turn = 0; turn < TURNS_MOST; turn++) {
        bool done = true;
        for (int i = 0; i < count; i++) {
            let_go(&processes[i], ALL_CALLS);
            done = done && (processes[i].held || processes[i].gone);
        }
        if (done)
            return true;
    }
    return false;
}

void kill_process(struct process *process) {
    int status;
    if (process->gone)
        return;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, &status, 0) == process->pid && !WIFEXITED(status) && !WIFSIGNALED(status)) {
    }
    process->gone = true;
    shared->now++;
}

static bool changes_directory(long call) {
    return call == SYS_bind || call == SYS_symlinkat || call == SYS_unlinkat || call == SYS_linkat ||
           call == SYS_renameat || call == SYS_renameat2 || call == SYS_openat;
}

#ifdef __x86_64__
#include <sys/reg.h>

/* The kernel is given a number that is no call's, and the process another answer. */
void fail_call(struct process *process) {
    int status;
    if (process->held || process->gone || !process->inside || !changes_directory(call_of(process)))
        return;
    if (ptrace(PTRACE_POKEUSER, process->pid, sizeof(long) * ORIG_RAX, -1L) < 0 ||
        ptrace(PTRACE_SYSCALL, process->pid, 0, 0) < 0 || waitpid(process->pid, &status, 0) < 0)
        fail("a call that fails");
    process->inside = false;
    if (ptrace(PTRACE_POKEUSER, process->pid, sizeof(long) * RAX, (long)-failure) < 0)
        fail("a call that fails");
}
#else
void fail_call(struct process *process) {
    (void)process;
    (void)changes_directory;
    errno = ENOSYS;
    fail("a call that fails");
}
#endif

int end_process(struct process *process) {
    int status;
    if (process->gone)
        return -1;
    ptrace(PTRACE_DETACH, process->pid, 0, 0);
    kill(process->pid, SIGCONT);
    if (waitpid(process->pid, &status, 0) < 0)
        fail("waitpid");
    process->gone = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}
