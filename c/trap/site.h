/* System calls at rewritten places, the stacks that they run on, and the signals of a trapped program. */
#ifndef UNSOCK_TRAP_SITE_H
#define UNSOCK_TRAP_SITE_H

#include "memory/process.h"

#include <asm/sigcontext.h>
#include <stdbool.h>
#include <stdint.h>

/* A signal handler's context, as the kernel lays it out: the interrupted program's registers, signal stack and mask. */

#if defined(__x86_64__)
struct unsock_context {
    uint64_t flags;
    void *link;
    struct unsock_signal_stack stack;
    struct sigcontext registers;
    uint64_t blocked; /* the signal mask, in force again when the handler returns */
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

/* The kernel's siginfo_t, as a trap by seccomp fills it. */
struct unsock_signal_info {
    int32_t signal;
    int32_t error; /* of a trap: the number that the filter returned */
    int32_t code;
    int32_t padding;
    void *address;  /* the instruction after the system call */
    int32_t number; /* of the system call */
    uint32_t machine;
};

#define UNSOCK_SIGNAL_BY_SECCOMP 1 /* SYS_SECCOMP */

/* own_stack.c: The library's stacks, used if the program's is too small: a thread's of 16 KiB, a small signal stack, a
 * goroutine's. A stack is free again once the call on it has returned or left by longjmp, or its thread has ended. */

/* The head of a stack's mapping, below the stack. x86_64.S and aarch64.S use the offsets of its first three members. */
struct unsock_own_stack {
    uint64_t thread_pointer; /* of the thread that keeps the stack; aarch64: 1 (site_stack.c); 0: lent to one call */
    uint64_t top;
    uint64_t in_use;
    int32_t thread; /* the owner's tid; 0: free */
    bool counted;   /* the stack is in the list of stacks that are used again */
};

/* Takes a stack for this thread, which keeps it. NULL: no memory. */
struct unsock_own_stack *unsock_own_stack_take(void);

/* True if the address is on the stack, or is its upper end. */
bool unsock_own_stack_has(const struct unsock_own_stack *stack, uint64_t at);

/* True if the address is on the signal stack of this context, or is its upper end. */
bool unsock_context_on_signal_stack(const struct unsock_context *context, uint64_t at);

/* In a signal handler: returns a stack for unsock_own_stack_call, which makes a call on the stack and then frees it.
 * NULL if the present stack has room for a call, or if there is no memory. */
struct unsock_own_stack *unsock_own_stack_lend(const struct unsock_context *context);
void unsock_own_stack_call(struct unsock_own_stack *stack, const struct unsock_context *context,
                           void (*function)(void *), void *argument);

/* Forgets which stacks have room: a new thread may have a smaller stack at the address of an ended thread's. */
void unsock_own_stack_forget(void);

/* Calls `function` on the stack that ends at `top`, which is aligned to 16. */
void unsock_call_on(void (*function)(void *), void *argument, void *top) __attribute__((visibility("hidden")));

/* site_stack.c: Stacks of the library's own for the threads of programs with small stacks (a goroutine's has a few
 * KiB). On x86-64 each thread has one such stack, and the register gs points to the stack's head: these programs do not
 * use gs themselves. The SIGSYS handler gives the thread its stack at the first trapped call. On aarch64 no register is
 * free. A call takes any free stack; if there is none, the call is trapped, and the handler adds a stack. */

/* The bit of AT_HWCAP2 by which programs may set gs (FSGSBASE), since kernel 5.9, on new processors; 0 on aarch64. */
#ifdef __x86_64__
#define UNSOCK_SITE_STACK_FEATURE 2
#else
#define UNSOCK_SITE_STACK_FEATURE 0
#endif

/* Lets threads get stacks from now on. */
void unsock_site_stack_start(void);

/* In the SIGSYS handler: gives the thread a stack if it has none. `tagged`: a rewritten place found no free stack. */
void unsock_site_stack_bring(const struct unsock_context *context, bool tagged);

/* site.c: Calls at rewritten places (trap/image.h). A call there needs no signal, so the library also answers calls
 * that are too frequent to be trapped. All calls that it does not answer go to the kernel, with unchanged registers. */

/* The registers of a call, as x86_64.S and aarch64.S store them on the stack. */
struct unsock_site_call {
    long number;
    long arguments[6];
};

/* True if the library answers this call. Makes no system call, except to identify an unknown descriptor once. */
bool unsock_site_concerns(const struct unsock_site_call *call);

/* Answers the call, as the preloaded function of the call's name does. Returns a value or -errno. */
long unsock_site_answer(const struct unsock_site_call *call);

/* By call number: 1 if the library may answer the call at a rewritten place. */
extern uint8_t unsock_site_numbers[65536];

void unsock_site_start(void);

/* The code to which stubs jump (rules/call_site.h), not for C: unsock_site_stay answers calls on the program's stack,
 * unsock_site_switch on a stack of the library's. */
void unsock_site_stay(void) __attribute__((visibility("hidden")));
void unsock_site_switch(void) __attribute__((visibility("hidden")));

/* signals.c: Signals of a trapped program. SIGSYS is the library's: if a program blocked SIGSYS or removed its handler,
 * the next trapped call would end the program. So the library only stores the program's settings for SIGSYS, returns
 * them, and applies them to a SIGSYS that the library's filter did not cause. */

typedef void unsock_trap_handler_function(int signal, void *info, void *context);

/* Makes `handler` the process's SIGSYS handler, and unblocks SIGSYS. `on_alternate_stack`: the handler runs on the
 * alternate signal stack, for a program whose stacks are too small (Go). Returns 0, or -errno if another filter forbids
 * the handler: then nothing must be trapped, as the first trapped call would end the process. */
long unsock_signals_install(unsock_trap_handler_function *handler, bool on_alternate_stack);

/* True if the process's present SIGSYS handler runs on the alternate signal stack. */
bool unsock_signals_on_alternate_stack(void);

/* Answer a trapped program's rt_sigaction, rt_sigprocmask and rt_sigsuspend. Return the program's result. */
long unsock_signals_action(long signal, const struct unsock_signal_action *action, struct unsock_signal_action *old,
                           long size);
long unsock_signals_mask(struct unsock_context *context, long how, const void *set, void *old, long size);
long unsock_signals_suspend(const void *set, long size);

/* Stores the present mask in the context: a handler of the program that ran during the call may have changed it. */
void unsock_signals_keep_mask(struct unsock_context *context);

/* Makes the call (ppoll, epoll_pwait, epoll_pwait2 or pselect6) with SIGSYS removed from the mask. */
long unsock_signals_wait(long number, const long arguments[6]);

/* Handles a SIGSYS that the library's filter did not cause, as the program's own action for SIGSYS says. */
void unsock_signals_foreign(int signal, struct unsock_signal_info *info, struct unsock_context *context);

#endif
