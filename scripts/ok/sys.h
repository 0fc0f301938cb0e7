/*
 * Replaces c/rt/sys.h while the C code is analysed. No analyser sees that the assembly in that file writes through the
 * pointers among its operands. But each analyser assumes that a function without a visible body may write through its
 * pointers.
 */
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"

extern unsigned long unsock_sys_mark_bits;

/* Returns the kernel's value: a result, or -errno. */
long unsock_sys(long number, ...);

/* unsock_sys without the mark that identifies the library's own calls. */
long unsock_syscall6(long number, long a, long b, long c, long d, long e, long f);
