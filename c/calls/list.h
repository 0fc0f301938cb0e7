/* Declares the logic of the intercepted calls, from the list in rt/calls.h. */
#ifndef UNSOCK_CALLS_LIST_H
#define UNSOCK_CALLS_LIST_H

#include "memory/epoll_memory.h"

/* unsock_call_NAME takes the arguments of the call, and returns its value or -errno. */
struct pollfd;
#define UNSOCK_CALL_LOGIC(exported, next, machines, mark, trapped, type, name, parameters)                             \
    long unsock_call_##name(UNSOCK_PARAMETERS parameters);
UNSOCK_CALLS(UNSOCK_CALL_LOGIC)

/* Closes all descriptors from `first` on, like closefrom(3), even if the kernel or a filter refuses close_range. */
void unsock_call_closefrom(unsigned first);

/* Releases the socket files of a process that is about to end, by exit or _exit. */
void unsock_call_exit(void);

/* dispatch.c: Makes a system call that the library got by its number: one that was trapped, came from a rewritten
 * place, or was made by syscall(2). Runs the intercepted function's logic for this number. Also handles read, prctl,
 * seccomp and exit_group, which have no such function. The kernel makes all others. Returns a value or -errno. */
__attribute__((noinline)) long unsock_call_by_number(long number, const long a[6]);

#endif
