/*
 * Replaces c/rt/sys.h while the readers are fuzzed: system calls get the fuzzer's bytes for answers, as each target
 * defines them.
 */
#ifndef FUZZ_SYS_H
#define FUZZ_SYS_H
#define UNSOCK_RT_SYS_H

#include "rt/calls.h"

#include <stddef.h>
#include <stdint.h>

extern unsigned long unsock_sys_mark_bits;

long fuzz_syscall(long number, long a, long b, long c, long d, long e, long f);

#define FUZZ_SYS_PAD(n, a, b, c, d, e, f, ...)                                                                         \
    fuzz_syscall((long)(n), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define unsock_sys(...) FUZZ_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define unsock_syscall6(...) FUZZ_SYS_PAD(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

#endif
