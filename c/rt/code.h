/* The code of this process: objects in memory, the kernel's own one, and pages that are changed. */
#ifndef UNSOCK_RT_CODE_H
#define UNSOCK_RT_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Which file is mapped where something is. */

/*
 * The path of the file that is mapped around `address` by the dynamic linker, and where that mapping starts. False
 * where nobody tells: glibc does since 2.35.
 */
bool unsock_object_of(const void *address, const char **file, uint64_t *start);

/* The kernel's own functions in every process (vdso(7)): a clock for programs that have no libc to ask. */

struct timespec;

/* clock_gettime, as the C library has it; NULL: not looked for, or not there. */
extern int (*unsock_vdso_clock)(int clock, struct timespec *time);

/* Looks for it. `header`: where the kernel says that they are (AT_SYSINFO_EHDR); 0: nowhere. */
void unsock_vdso_start(uint64_t header);

/*
 * Changing code that may run meanwhile. Never in place: a private copy of its pages is made from its file,
 * written to, made executable, and moved to where the code is. Where the kernel refuses a step (PR_SET_MDWE, SELinux, a
 * filter), the code is as it was, and at no time is anything both written to and executed.
 */

/*
 * Whole pages, as the program's own mapping has them. Returns where the copy is, to be unmapped by the caller unless it
 * is moved, or -errno.
 */
long unsock_code_copy(long fd, uint64_t offset, uint64_t size);

/* Makes what was written to executable, and no longer writable. Returns 0, or -errno. */
long unsock_code_make(uint64_t at, uint64_t size);

/* Lets the processor see code that was written here, and moved: for each place, before it is executed. */
void unsock_code_sync(uint64_t at, uint64_t size);

/* The copy takes the place of the code at `to`. Returns 0, or -errno: the copy is where it was. */
long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to);

#endif
