/* The logic of the intercepted calls (rt/calls.h has their list). */
#ifndef UNSOCK_CALLS_LIST_H
#define UNSOCK_CALLS_LIST_H

#include "memory/epoll_memory.h"

/* Of each call in the list: takes what the call takes, returns a value or -errno. */
struct pollfd;
#define UNSOCK_CALL_LOGIC(exported, next, machines, mark, trapped, type, name, parameters)                             \
    long unsock_call_##name(UNSOCK_PARAMETERS parameters);
UNSOCK_CALLS(UNSOCK_CALL_LOGIC)

/* closefrom(3), also where the kernel or a container's filter refuses close_range. */
void unsock_call_closefrom(unsigned first);

/* The process is about to end: by exit, or by _exit. */
void unsock_call_exit(void);

/*
 * dispatch.c: Answers a system call of sockets, of descriptors, and of data on them, as the function of its name does:
 * trapped ones, those at rewritten places, and those by syscall(2). Returns a value or -errno.
 */
__attribute__((noinline)) long unsock_call_by_number(long number, const long a[6]);

#endif
