/*
 * Executing under the trap: the stack may be one that has hardly room for the handler (musl's posix_spawn gives its
 * child 5 KiB in all), so that the work is done on another.
 */
#include "trap/exec.h"

#include "process/exec.h"
#include "process/exec_space.h"
#include "rt/net.h"

#define STACK_SIZE (32 * 1024)

/* Calls a function on the stack that ends at `top`. The library uses none but general registers. */
static long call_on(long (*function)(const struct unsock_exec *), const struct unsock_exec *exec, uint8_t *top) {
#if defined(__x86_64__)
    long result;
    __asm__ volatile("mov %%rsp,%%rbx\nmov %[top],%%rsp\ncall *%[function]\nmov %%rbx,%%rsp"
                     : "=a"(result), "+D"(exec)
                     : [top] "r"(top), [function] "r"(function)
                     : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
#elif defined(__aarch64__)
    register long x0 __asm__("x0") = (long)exec;
    register uint8_t *to __asm__("x9") = top;
    register long (*called)(const struct unsock_exec *) __asm__("x10") = function;
    __asm__ volatile("mov x19,sp\nmov sp,%[top]\nblr %[function]\nmov sp,x19"
                     : "+r"(x0), [top] "+r"(to), [function] "+r"(called)
                     :
                     : "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x11", "x12", "x13", "x14", "x15", "x16", "x17",
                       "x19", "x30", "memory", "cc");
    return x0;
#endif
}

__attribute__((noinline)) long unsock_trap_execveat(int directory, const char *path, const char *const *argv,
                                                    const char *const *environment, int flags) {
    struct unsock_exec exec = {directory, path, argv, environment, flags};
    struct unsock_exec_space *space = unsock_exec_space_enter(STACK_SIZE + 16);
    uint8_t *stack = space ? unsock_exec_space_cut(space, STACK_SIZE) : NULL;
    if (!stack)
        return -ENOMEM;
    long result = call_on(unsock_exec, &exec, stack + STACK_SIZE);
    unsock_exec_space_leave(space);
    return result;
}

long unsock_trap_execve(const char *path, const char *const *argv, const char *const *environment) {
    return unsock_trap_execveat(AT_FDCWD, path, argv, environment, 0);
}
