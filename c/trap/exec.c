/*
 * Executing under the trap: the stack may be one that has hardly room for the handler (musl's posix_spawn gives its
 * child 5 KiB in all), so that the work is done on another.
 */
#include "trap/trapped.h"

#include "process/exec.h"
#include "trap/site.h"

#define STACK_SIZE (32 * 1024)

struct call {
    struct unsock_exec exec;
    long result;
};

static void execute(void *call) {
    ((struct call *)call)->result = unsock_exec(&((struct call *)call)->exec);
}

__attribute__((noinline)) long unsock_trap_execveat(int directory, const char *path, const char *const *argv,
                                                    const char *const *environment, int flags) {
    struct call call = {{directory, path, argv, environment, flags}, -ENOMEM};
    struct unsock_exec_space *space = unsock_exec_space_enter(STACK_SIZE + 16);
    uint8_t *stack = space ? unsock_exec_space_cut(space, STACK_SIZE) : NULL;
    if (!stack)
        return -ENOMEM;
    unsock_call_on(execute, &call, stack + STACK_SIZE);
    unsock_exec_space_leave(space);
    return call.result;
}

long unsock_trap_execve(const char *path, const char *const *argv, const char *const *environment) {
    return unsock_trap_execveat(AT_FDCWD, path, argv, environment, 0);
}
