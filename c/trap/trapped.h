/* The trap: the table of trapped calls, the seccomp filter, and its installation. */
#ifndef UNSOCK_TRAP_TRAPPED_H
#define UNSOCK_TRAP_TRAPPED_H

#include "rt/calls.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The system calls that are trapped, and when, made from the list of calls (rt/calls.h). The filter is made from this
 * table, and the handler answers these calls. All others go to the kernel. For calls that the filter allows by number
 * alone, the kernel keeps a bitmap: the filter costs them nothing measurable. */

enum unsock_trapped_when {
    UNSOCK_TRAPPED_ALWAYS,
    UNSOCK_TRAPPED_IF_SET,    /* the argument (a pointer) is not NULL, or (the int before it & `mask`) > `masked` */
    UNSOCK_TRAPPED_IF_VALUE,  /* the argument (an int) is one of `values`, or (the int & `mask`) == `masked` */
    UNSOCK_TRAPPED_UNLESS,    /* the argument (an int) is not values[0] */
    UNSOCK_TRAPPED_NO_SYSTEM, /* never let through: fails with ENOSYS, as on a kernel without it */
};

#define UNSOCK_TRAPPED_VALUES 5

/* A call number with this tag is always trapped; its lower half is the real number. At a rewritten place a thread
 * without a stack makes its calls with the tag (trap/site.h), even calls that the filter otherwise lets through. The
 * kernel has no such numbers. */
#define UNSOCK_TRAPPED_TAG 0x07560000u
#define UNSOCK_TRAPPED_NUMBER 0xffffu

struct unsock_trapped {
    uint16_t number;  /* of the system call */
    uint8_t when;     /* enum unsock_trapped_when */
    uint8_t argument; /* the argument that `when` is about, 0 to 5 */
    uint8_t value_count;
    uint32_t values[UNSOCK_TRAPPED_VALUES];
    uint32_t mask; /* 0: none */
    uint32_t masked;
};

/* Each call's index in the table. */
#define UNSOCK_TRAPPED_INDEX(exported, next, machines, mark, trapped, type, name, parameters)                          \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(UNSOCK_TRAPPED_AT_##name, ))
#define UNSOCK_TRAPPED_INDEX_OF_DOOR_CALL(exported, machines, mark, syscall, trapped, name)                            \
    UNSOCK_IF_ON_##machines(UNSOCK_IF_TRAPPED_##mark(UNSOCK_TRAPPED_AT_##name, ))
enum { UNSOCK_CALLS(UNSOCK_TRAPPED_INDEX) UNSOCK_DOOR_CALLS(UNSOCK_TRAPPED_INDEX_OF_DOOR_CALL) UNSOCK_TRAPPED_COUNT };

extern const struct unsock_trapped unsock_trapped[UNSOCK_TRAPPED_COUNT];

/* True if the call is trapped with these arguments. */
bool unsock_trapped_applies(const struct unsock_trapped *call, const long a[6]);

/* filter.c: Makes the seccomp filter, a program for the kernel's classic BPF. Pure. */

/* The si_errno of a SIGSYS by this filter: the program may have filters of its own that trap, too. */
#define UNSOCK_FILTER_TAG 0x756e

/* Room for the filter of any table. */
#define UNSOCK_FILTER_MOST 512

/* Makes the filter that traps these calls of this machine, unless they carry the library's mark (rt/calls.h), and lets
 * all others through. Returns its length in instructions; 0 if it needs more than `room`, or a jump that is too long.
 */
size_t unsock_filter_make(const struct unsock_trapped *calls, size_t count, struct sock_filter *program, size_t room);

/* install.c: Traps a process's system calls. */

/* Installs the handler, and the filter if there is none of the library's yet, and sets `no_new_privs`. The parameters:
 * unsock_signals_install. Returns 0; -EBUSY if a thread has a filter of its own; -errno if the system allows no filter.
 */
long unsock_trap_install(bool on_alternate_stack, bool ignored);

#endif
