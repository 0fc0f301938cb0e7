/* This process's code: which object contains an address, the vDSO's clock, and how to change instructions. */
#ifndef UNSOCK_RT_CODE_H
#define UNSOCK_RT_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Finds the object that the dynamic linker mapped around `address`: its path, and the start of its mapping. False if
 * there is no such object, or no way to ask the dynamic linker (glibc before 2.35, musl). */
bool unsock_object_of(const void *address, const char **file, uint64_t *start);

/* The vDSO (vdso(7)): the kernel's own functions in every process. Programs without a libc get their clock from it. */

struct timespec;

/* clock_gettime of the vDSO; NULL before unsock_vdso_start, and if there is none. */
extern int (*unsock_vdso_clock)(int clock, struct timespec *time);

/* Finds the vDSO's clock. `header`: the vDSO's address from the kernel (AT_SYSINFO_EHDR), or 0 if there is none. */
void unsock_vdso_start(uint64_t header);

/* Steps to change code that other threads may run. Such code is never changed in place: a private copy of its pages is
 * mapped from its file, written to, made executable, and moved over the code. If the kernel refuses a step
 * (PR_SET_MDWE, SELinux, a filter), the code stays unchanged. No page is ever writable and executable at once. */

/* Maps a private copy of pages of the file. Returns its address, or -errno. The caller unmaps the copy or moves it. */
long unsock_code_copy(long fd, uint64_t offset, uint64_t size);

/* Makes written pages executable, and no longer writable. Returns 0, or -errno. */
long unsock_code_make(uint64_t at, uint64_t size);

/* Makes the processor fetch the code that was written or moved to `at`. Must be called before this code first runs. */
void unsock_code_sync(uint64_t at, uint64_t size);

/* Moves the copy over the code at `to`. Returns 0. On failure returns -errno; the copy is then still where it was. */
long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to);

#endif
