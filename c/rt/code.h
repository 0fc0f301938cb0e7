/*
 * Changing a program's code. Never in place: a private copy of its pages is made from its file, written to, made
 * executable, and moved to where the code is. Where the kernel refuses a step (PR_SET_MDWE, SELinux, a filter), the
 * code is as it was, and at no time is anything both written to and executed.
 */
#ifndef UNSOCK_RT_CODE_H
#define UNSOCK_RT_CODE_H

#include <stdint.h>

/*
 * Whole pages, as the program's own mapping has them. Returns where the copy is, to be unmapped by the caller unless it
 * is moved, or -errno.
 */
long unsock_code_copy(long fd, uint64_t offset, uint64_t size);

/* What was written to may be executed from now on, and no more be written to. Returns 0, or -errno. */
long unsock_code_make(uint64_t at, uint64_t size);

/* The copy takes the place of the code at `to`. Returns 0, or -errno: the copy is where it was. */
long unsock_code_move(uint64_t copy, uint64_t size, uint64_t to);

#endif
