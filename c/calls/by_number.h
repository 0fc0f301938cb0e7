/* System calls that a program makes by their numbers: trapped ones, and those by syscall(2). */
#ifndef UNSOCK_BY_NUMBER_H
#define UNSOCK_BY_NUMBER_H

/*
 * Answers a call of sockets, of descriptors, and of data on them, by the function that the wrapper of its name calls
 * too. Returns a value or -errno. The arguments come one by one: stacks are small where a handler makes calls.
 */
__attribute__((noinline)) long unsock_call_by_number(long number, long a, long b, long c, long d, long e, long f);

#endif
