/* The trap: which calls, the filter, and how it is installed. */
#ifndef UNSOCK_TRAP_TRAPPED_H
#define UNSOCK_TRAP_TRAPPED_H

#include "rt/calls.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which system calls are trapped, and when, by the list of calls (rt/calls.h). The filter is made from this
 * table, and the handler answers its calls. All others go to the kernel; for a call whose number alone decides the
 * kernel keeps a bitmap, so that it costs nothing that could be measured.
 */

enum unsock_trapped_when {
    UNSOCK_TRAPPED_ALWAYS,
    UNSOCK_TRAPPED_IF_SET,    /* the argument, a pointer, is not NULL, or the int before it is more than `masked` under
                                 `mask` */
    UNSOCK_TRAPPED_IF_VALUE,  /* the argument, an int, is one of `values`, or `masked` under `mask` */
    UNSOCK_TRAPPED_UNLESS,    /* the argument, an int, is not values[0] */
    UNSOCK_TRAPPED_NO_SYSTEM, /* never let through: ENOSYS, as on a kernel without it */
};

#define UNSOCK_TRAPPED_VALUES 5

/*
 * A number with this is trapped, whatever the rest is, and means the call of the rest: at a place in the program that
 * has been rewritten, a thread without a stack of its own makes its calls so (trap/site.h), also those that are
 * let through otherwise. No kernel has such numbers.
 */
#define UNSOCK_TRAPPED_TAG 0x07560000u
#define UNSOCK_TRAPPED_NUMBER 0xffffu

/* One such number asks the library itself (trap/image.h). */
#define UNSOCK_TRAPPED_ASK (UNSOCK_TRAPPED_TAG | UNSOCK_TRAPPED_NUMBER)

struct unsock_trapped {
    uint16_t number;  /* of the system call */
    uint8_t when;     /* enum unsock_trapped_when */
    uint8_t argument; /* which one `when` is about, 0 to 5 */
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

/* filter.c: The seccomp filter as a program of the kernel's packet filter language (classic BPF): made by a pure
 * function. */

/* The si_errno of a trap by this filter: others of the program's may trap too. */
#define UNSOCK_FILTER_TAG 0x756e

/* Room for every table that there is. */
#define UNSOCK_FILTER_MOST 512

/*
 * Makes the filter that traps these calls of this machine, unless they carry the library's mark (rt/sys.h), and lets
 * all else through. Returns its length in instructions, or 0 when `room` instructions are too few or the table asks for
 * too long a jump.
 */
size_t unsock_filter_make(const struct unsock_trapped *calls, size_t count, struct sock_filter *program, size_t room);

/* install.c: Putting a process under the trap. */

/*
 * Installs the handler, and the filter unless it is there already. `on_alternate_stack` and `ignored` as for
 * unsock_signals_install. Returns 0, or -errno where the system does not allow filters, or a thread has one of its own.
 * From then on `no_new_privs` is set.
 */
long unsock_trap_install(bool on_alternate_stack, bool ignored);

#endif
