/*
 * Beyond the soft limit of descriptors. The limit belongs to a process and the table may be shared: a process made for
 * the call, with the same table and memory, has its limit raised, makes the call and ends. This thread waits as after
 * vfork(2).
 */
#include "kernel/socket_info.h"

#include <linux/resource.h>
#include <linux/wait.h>

/* CLONE_VM | CLONE_FILES | CLONE_VFORK, and no signal at the end: the program's waits do not see it (clone(2)). */
#define CLONE_FLAGS (0x100l | 0x400l | 0x4000l)

struct task {
    long number;
    long arguments[4];
    long result;
    uint64_t limit[2];
};

/* The other process has no stack of its own to speak of: between its start and its end there are system calls alone. */
static long run_apart(struct task *task, void *stack) {
#if defined(__x86_64__)
    register struct task *kept __asm__("r12") = task;
    register long r10 __asm__("r10") = 0;
    register long r8 __asm__("r8") = 0;
    long result;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "mov %[prlimit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "mov %[nofile], %%esi\n\t"
                     "lea 48(%%r12), %%rdx\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "syscall\n\t"
                     "mov (%%r12), %%rax\n\t"
                     "mov 8(%%r12), %%rdi\n\t"
                     "mov 16(%%r12), %%rsi\n\t"
                     "mov 24(%%r12), %%rdx\n\t"
                     "mov 32(%%r12), %%r10\n\t"
                     "syscall\n\t"
                     "mov %%rax, 40(%%r12)\n\t"
                     "mov %[exit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n\t"
                     "hlt\n"
                     "1:"
                     : "=a"(result)
                     : "a"(__NR_clone), "D"(CLONE_FLAGS), "S"(stack), "d"(0), "r"(r10), "r"(r8),
                       "r"(kept), [prlimit] "i"(__NR_prlimit64), [nofile] "i"(RLIMIT_NOFILE), [exit] "i"(__NR_exit)
                     : "rcx", "r11", "memory", "cc");
    return result;
#else
    register long x8 __asm__("x8") = __NR_clone;
    register long x0 __asm__("x0") = CLONE_FLAGS;
    register long x1 __asm__("x1") = (long)stack;
    register long x2 __asm__("x2") = 0;
    register long x3 __asm__("x3") = 0;
    register long x4 __asm__("x4") = 0;
    register struct task *kept __asm__("x19") = task;
    __asm__ volatile("svc #0\n\t"
                     "cbnz x0, 1f\n\t"
                     "mov x8, %[prlimit]\n\t"
                     "mov x0, #0\n\t"
                     "mov x1, %[nofile]\n\t"
                     "add x2, x19, #48\n\t"
                     "mov x3, #0\n\t"
                     "svc #0\n\t"
                     "ldr x8, [x19]\n\t"
                     "ldp x0, x1, [x19, #8]\n\t"
                     "ldp x2, x3, [x19, #24]\n\t"
                     "svc #0\n\t"
                     "str x0, [x19, #40]\n\t"
                     "mov x8, %[exit]\n\t"
                     "mov x0, #0\n\t"
                     "svc #0\n\t"
                     "brk #0\n"
                     "1:"
                     : "+r"(x0), "+r"(x8), "+r"(x1), "+r"(x2), "+r"(x3)
                     : "r"(x4),
                       "r"(kept), [prlimit] "i"(__NR_prlimit64), [nofile] "i"(RLIMIT_NOFILE), [exit] "i"(__NR_exit)
                     : "memory", "cc");
    return x0;
#endif
}

_Static_assert(offsetof(struct task, result) == 40 && offsetof(struct task, limit) == 48, "as the code above has it");

/* The other process has the filter of the trap door too. */
static long marked(long number, int argument, long value) {
    if (unsock_sys_marked_argument(number) != argument)
        return value;
    return (long)((unsigned long)(uint32_t)value | unsock_sys_mark_bits);
}

long unsock_beyond_limit(long number, long first, long second, long third, long fourth) {
    struct task task = {.number = number,
                        .arguments = {marked(number, 0, first), second, third, marked(number, 3, fourth)},
                        .result = -EMFILE};
    _Alignas(16) char stack[256];
    uint64_t all = ~(uint64_t)0, mask = 0;
    if (unsock_prlimit64(0, RLIMIT_NOFILE, NULL, task.limit) < 0 || task.limit[0] >= task.limit[1])
        return -EMFILE;
    task.limit[0] = task.limit[1];
    /* A handler of the program's must not run there. */
    unsock_rt_sigprocmask(SIG_SETMASK, &all, &mask);
    long pid = run_apart(&task, stack + sizeof(stack));
    if (pid > 0)
        unsock_wait4(pid, NULL, __WALL, NULL);
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, NULL);
    return task.result;
}
