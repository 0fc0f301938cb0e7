/* A trapped system call, given to what answers it. */
#ifndef UNSOCK_TRAP_DISPATCH_H
#define UNSOCK_TRAP_DISPATCH_H

/* Answers a call of sockets and descriptors by the functions that preloading calls too. Returns a value or -errno. */
__attribute__((noinline)) long unsock_trap_dispatch(long number, const long arguments[6]);

#endif
