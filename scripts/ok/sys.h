/*
 * In the place of c/rt/sys.h while the C code is analysed: no analyser knows that the assembler there writes through
 * the pointers that it is given, but each knows that a function which it cannot see may.
 */
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"

extern unsigned long unsock_sys_mark_bits;

/* Returns the kernel's value: a result, or -errno. */
long unsock_sys(long number, ...);

/* The same without the mark by which the library's own calls are known. */
long unsock_syscall6(long number, long a, long b, long c, long d, long e, long f);
