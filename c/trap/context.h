/* What the kernel gives a signal handler: the interrupted program's registers and signal mask, in its own layout. */
#ifndef UNSOCK_TRAP_CONTEXT_H
#define UNSOCK_TRAP_CONTEXT_H

#include <asm/sigcontext.h>
#include <stdint.h>

struct unsock_signal_stack {
    void *base;
    int32_t flags;
    uint64_t size;
};

#if defined(__x86_64__)
struct unsock_context {
    uint64_t flags;
    void *link;
    struct unsock_signal_stack stack;
    struct sigcontext registers;
    uint64_t blocked; /* signals, which come back into force when the handler returns */
};
#define UNSOCK_CONTEXT_RESULT(context) ((context)->registers.rax)
#define UNSOCK_CONTEXT_STACK(context) ((context)->registers.rsp)
#define UNSOCK_CONTEXT_ARGUMENTS(context)                                                                              \
    {(long)(context)->registers.rdi, (long)(context)->registers.rsi, (long)(context)->registers.rdx,                   \
     (long)(context)->registers.r10, (long)(context)->registers.r8,  (long)(context)->registers.r9}
#elif defined(__aarch64__)
struct unsock_context {
    uint64_t flags;
    void *link;
    struct unsock_signal_stack stack;
    uint64_t blocked;
    uint8_t room_for_more_signals[128 - sizeof(uint64_t)];
    struct sigcontext registers;
};
#define UNSOCK_CONTEXT_RESULT(context) ((context)->registers.regs[0])
#define UNSOCK_CONTEXT_STACK(context) ((context)->registers.sp)
#define UNSOCK_CONTEXT_ARGUMENTS(context)                                                                              \
    {(long)(context)->registers.regs[0], (long)(context)->registers.regs[1], (long)(context)->registers.regs[2],       \
     (long)(context)->registers.regs[3], (long)(context)->registers.regs[4], (long)(context)->registers.regs[5]}
#endif

/* The kernel's siginfo_t, as far as a trap by seccomp fills it. */
struct unsock_signal_info {
    int32_t signal;
    int32_t error; /* of a trap: the filter's own number */
    int32_t code;
    int32_t padding;
    void *address;  /* of the instruction after the system call */
    int32_t number; /* of the system call */
    uint32_t machine;
};

#define UNSOCK_SIGNAL_BY_SECCOMP 1 /* SYS_SECCOMP */

#endif
