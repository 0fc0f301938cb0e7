/* The trap: the rules by which the seccomp filter traps system calls, and the installation of the filter. */
#ifndef UNSOCK_TRAP_TRAPPED_H
#define UNSOCK_TRAP_TRAPPED_H

#include "rt/calls.h"
#include "rt/mem.h"

/*
 * The rules of the list of calls (rt/calls.h). The build makes the filter from the rules (scripts/filter.ts). The
 * SIGSYS handler answers the calls that the filter traps. All other calls go to the kernel. Calls that have no rule
 * cost nothing measurable: since 5.11, the kernel keeps a bitmap of the numbers that a filter always allows.
 *
 *   ALWAYS                           traps every call
 *   IF_SET(at)                       if the argument `at` (a pointer) is not NULL
 *   IF_SET_OR(at, bits, most)        also if (the argument `at` - 1, an int, & `bits`) > `most`
 *   IF_VALUE(at, ...)                if the argument (an int) is one of the values
 *   IF_VALUE_OR(at, bits, value, …)  also if (the argument & `bits`) == `value`
 *   UNLESS(at, value)                if the argument (an int) is not this value
 *   NO_SYSTEM                        never lets the call through: ENOSYS, as on a kernel without it
 *
 * The first five, as conditions on the arguments a[0] to a[5]:
 */
#define UNSOCK_TRAPS_ALWAYS true
#define UNSOCK_TRAPS_IF_SET(at) (a[at] != 0)
#define UNSOCK_TRAPS_IF_SET_OR(at, bits, most) (a[at] != 0 || (a[(at) - 1] & (bits)) > (most))
#define UNSOCK_TRAPS_IF_VALUE(at, ...)                                                                                 \
    unsock_is_among((uint32_t)a[at], (const uint32_t[]){__VA_ARGS__},                                                  \
                    sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))
#define UNSOCK_TRAPS_IF_VALUE_OR(at, bits, value, ...)                                                                 \
    ((a[at] & (bits)) == (value) || UNSOCK_TRAPS_IF_VALUE(at, __VA_ARGS__))

/* A call number with this tag is always trapped; its lower half is the real number. The kernel has no such number. In
 * rewritten code, a thread for which the library has no stack makes its calls with the tag (trap/site.h). */
#define UNSOCK_TRAPPED_TAG 0x07560000u
#define UNSOCK_TRAPPED_NUMBER 0xffffu

/* The si_errno of this filter's SIGSYS, by which the handler tells it from a SIGSYS of the program's own filter. */
#define UNSOCK_FILTER_TAG 0x756e

/* install.c: Traps a process's system calls. */

/* Installs the handler. If the library's filter is not in force yet, also sets `no_new_privs` and installs the filter.
 * `on_alternate_stack`: see unsock_signals_install. Returns 0; -EBUSY if another thread has a filter that this one
 * lacks; -errno if the system allows no filter, or if another filter forbids the handler. */
long unsock_trap_install(bool on_alternate_stack);

#endif
