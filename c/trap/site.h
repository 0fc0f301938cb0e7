/* A patched site's call, and the stacks that it runs on. */
#ifndef UNSOCK_TRAP_SITE_H
#define UNSOCK_TRAP_SITE_H

#include "memory/process.h"

#include <asm/sigcontext.h>
#include <stdbool.h>
#include <stdint.h>

/* The context of a signal handler: the interrupted program's registers and signal mask, in the kernel's layout. */

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

/*
 * own_stack.c: Stacks of the library's own, for calls that are made where there is hardly room: on a thread's stack of
 * 16 KiB, on a small one for signals, on a goroutine's. Those of threads that have ended, or have left by a jump, are
 * used again.
 */

/* In memory of its own, below the stack. trap/site.c knows where the first three stand. */
struct unsock_own_stack {
    uint64_t thread_pointer; /* of the thread that has it for good (trap/site.h); 0: of a call */
    uint64_t top;
    uint64_t in_use;
    int32_t thread; /* its owner's tid; 0: nobody */
    bool counted;   /* it is among those that are used again */
};

/* For this thread, for good. NULL: no memory. */
struct unsock_own_stack *unsock_own_stack_take(void);

/* True if the address is on the stack, or is its upper end. */
bool unsock_own_stack_has(const struct unsock_own_stack *stack, uint64_t at);

/* True if the address is on the stack for signals that was in force then, or is its upper end. */
bool unsock_context_on_signal_stack(const struct unsock_context *context, uint64_t at);

/*
 * In a signal handler. NULL: the stack that there is has room for a call, or there is no memory. Else one to make it
 * on: unsock_own_stack_call makes it, and takes the stack back.
 */
struct unsock_own_stack *unsock_own_stack_lend(const struct unsock_context *context);
void unsock_own_stack_call(struct unsock_own_stack *stack, const struct unsock_context *context,
                           void (*function)(void *), void *argument);

/* A new thread may have begun, with a smaller stack than one had at the same place. */
void unsock_own_stack_forget(void);

/* Calls it on the stack that ends at `top`, which is aligned to 16. */
void unsock_call_on(void (*function)(void *), void *argument, void *top) __attribute__((visibility("hidden")));

/*
 * site_stack.c: Stacks of the library's own for the threads of a program whose stacks are too small (Go's goroutines
 * have few KiB). On x86-64 each thread has one. The register gs leads to it, which such programs do not use: the
 * thread's first trapped call brings it. On aarch64 no register can be had: a call takes one that is not in use, and
 * the trapped call of a thread that found none brings one more.
 */

/* In AT_HWCAP2: programs may use that register themselves. Kernel 5.9, and a processor that has it. */
#ifdef __x86_64__
#define UNSOCK_SITE_STACK_FEATURE 2
#else
#define UNSOCK_SITE_STACK_FEATURE 0
#endif

/* From now on threads get one. */
void unsock_site_stack_start(void);

/*
 * In the handler of trapped calls: the thread gets its stack if it has none. `tagged`: the call comes from where the
 * stack would have been taken.
 */
void unsock_site_stack_bring(const struct unsock_context *context, bool tagged);

/*
 * site.c: Calls that a program makes at a place that has been rewritten (trap/image.h): no signal, so that also those
 * are answered that are too frequent to be trapped. Every other call goes back to the program's own `syscall`, with
 * everything as it came.
 */

/* As trap/site.c has them on the stack. */
struct unsock_site_call {
    long number;
    long arguments[6];
};

/* True if this call is answered here. Costs no system call, but once for each descriptor that nothing is known of. */
bool unsock_site_concerns(const struct unsock_site_call *call);

/* Answers it as preloading answers the function of its name. Returns a value or -errno. */
long unsock_site_answer(const struct unsock_site_call *call);

/* Not 0 for the numbers of calls that may be answered here. */
extern uint8_t unsock_site_numbers[65536];

/* Fills it. */
void unsock_site_start(void);

/*
 * Where stubs go on (rules/call_site.h): the first on the program's own stack, the second on one of the thread's own
 * (trap/site.h). Not functions of C's.
 */
void unsock_site_stay(void) __attribute__((visibility("hidden")));
void unsock_site_switch(void) __attribute__((visibility("hidden")));

/*
 * signals.c: Signals of a program under the trap. SIGSYS is the library's: a program that blocks it, or takes the
 * handler away, would be ended by its next trapped call. So what it asks for is remembered and told back, and done for
 * traps that are not the library's.
 */

typedef void unsock_trap_handler_function(int signal, void *info, void *context);

/*
 * Makes `handler` the process's SIGSYS handler, and unblocks the signal. `on_alternate_stack`: in a program whose
 * stacks are too small for a handler, and which has others for it (Go). `ignored`: for the program the signal is
 * ignored, as for the program that executed it. Returns 0; or -errno where a filter of others forbids it: the first
 * trapped call would end the process then.
 */
long unsock_signals_install(unsock_trap_handler_function *handler, bool on_alternate_stack, bool ignored);

/* True if the process's SIGSYS handler is on the alternate stack already. */
bool unsock_signals_on_alternate_stack(void);

/* The calls of these names, made by the program. They return what the program gets. */
long unsock_signals_action(long signal, const struct unsock_signal_action *action, struct unsock_signal_action *old,
                           long size);
long unsock_signals_mask(struct unsock_context *context, long how, const void *set, void *old, long size);
long unsock_signals_suspend(const void *set, long size);

/* The mask that is in force now is the one that the program goes on with: one of its handlers may have edited it. */
void unsock_signals_keep_mask(struct unsock_context *context);

/* ppoll, epoll_pwait, epoll_pwait2 and pselect6: the wait itself, with SIGSYS taken out of its mask. */
long unsock_signals_wait(long number, const long arguments[6]);

/* A SIGSYS that is not of the library's filter: what the program would do with it. */
void unsock_signals_foreign(int signal, struct unsock_signal_info *info, struct unsock_context *context);

#endif
