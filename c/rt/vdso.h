/* The kernel's own functions in every process (vdso(7)): a clock for programs that have no libc to ask. */
#ifndef UNSOCK_RT_VDSO_H
#define UNSOCK_RT_VDSO_H

#include <stdint.h>

struct timespec;

/* clock_gettime, as the C library has it; NULL: not looked for, or not there. */
extern int (*unsock_vdso_clock)(int clock, struct timespec *time);

/* Looks for it. `header`: where the kernel says that they are (AT_SYSINFO_EHDR); 0: nowhere. */
void unsock_vdso_start(uint64_t header);

#endif
