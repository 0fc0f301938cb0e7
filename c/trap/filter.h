/* The seccomp filter as a program of the kernel's packet filter language (classic BPF): made by a pure function. */
#ifndef UNSOCK_FILTER_H
#define UNSOCK_FILTER_H

#include "trap/trapped.h"

#include <linux/filter.h>

/* What si_errno of a trap by this filter is: others of the program's may trap too. */
#define UNSOCK_FILTER_TAG 0x756e

/* Room for every table that there is. */
#define UNSOCK_FILTER_MOST 512

/*
 * Makes the filter that traps these calls of this machine, unless they carry the library's mark (rt/sys.h), and lets
 * all else through. Returns its length in instructions, or 0 when `room` instructions are too few or the table asks for
 * too long a jump.
 */
size_t unsock_filter_make(const struct unsock_trapped *calls, size_t count, struct sock_filter *program, size_t room);

#endif
