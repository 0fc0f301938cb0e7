/*
 * Which system calls are trapped, and when: the filter is made from this table, and the handler answers what is in it.
 * What is not here goes to the kernel as it is; for a call that is only looked at by its number the kernel keeps a
 * bitmap, so that it costs nothing that could be measured.
 */
#ifndef UNSOCK_TRAPPED_H
#define UNSOCK_TRAPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum unsock_trapped_when {
    UNSOCK_TRAPPED_ALWAYS,
    UNSOCK_TRAPPED_IF_SET,    /* the argument, a pointer, is not NULL, or the int before it has a bit of `mask` */
    UNSOCK_TRAPPED_IF_VALUE,  /* the argument, an int, is one of `values`, or `masked` under `mask` */
    UNSOCK_TRAPPED_UNLESS,    /* the argument, an int, is not values[0] */
    UNSOCK_TRAPPED_NO_SYSTEM, /* never let through: ENOSYS, as on a kernel without it */
};

#define UNSOCK_TRAPPED_VALUES 5

/*
 * A number with this is trapped, whatever the rest is, and means the call of the rest: at a place in the program that
 * has been rewritten, a thread without a stack of its own makes its calls so (trap/site_stack.h), also those that are
 * let through otherwise. No kernel has such numbers. x86-64 alone.
 */
#define UNSOCK_TRAPPED_TAG 0x07560000u
#define UNSOCK_TRAPPED_NUMBER 0xffffu

/* One such number asks the library itself (trap/patch.h). */
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

/* Where these two stand in the table, which is asked of them at rewritten places, too (trap/site.h). */
enum {
    UNSOCK_TRAPPED_FCNTL,
    UNSOCK_TRAPPED_IOCTL,
};

extern const struct unsock_trapped unsock_trapped[];
extern const size_t unsock_trapped_count;

/* Is this the value of an argument for which the call is trapped (UNSOCK_TRAPPED_IF_VALUE)? */
bool unsock_trapped_by_value(const struct unsock_trapped *call, uint32_t value);

#endif
