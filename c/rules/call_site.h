/*
 * Places in x86-64 machine code where a system call is made, and what may be rewritten there. Pure: bytes in, a plan
 * out. The `syscall` itself is never rewritten, only whole instructions before it: so whoever jumps to it, or comes to
 * it from elsewhere, finds it as it was.
 */
#ifndef UNSOCK_RULES_CALL_SITE_H
#define UNSOCK_RULES_CALL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSOCK_CALL_SITE_ANY (-1)
#define UNSOCK_CALL_SITE_MOST 32 /* bytes before the `syscall` that can be concerned */

/* So many bytes are looked at behind and before the `syscall`. */
#define UNSOCK_CALL_SITE_BEFORE 44
#define UNSOCK_CALL_SITE_BEHIND 16

/* How a program's code is made: each kind has forms of its own. */
enum unsock_call_site_kind {
    UNSOCK_CALL_SITE_C,  /* by a C compiler, or by hand in a C library */
    UNSOCK_CALL_SITE_GO, /* by Go's: all calls that concern sockets are made in one place */
};

struct unsock_call_site {
    int16_t number; /* of the system call; UNSOCK_CALL_SITE_ANY: whatever is in rax */
    uint8_t moved;  /* bytes before the `syscall`, whole instructions: a jump may take the place of the first five */
    uint8_t cut;    /* so many of them are not whole once the jump is there: nobody comes to them but from before */
};

/* Is there a `syscall` at `at`, of these `size` bytes of code, before which a jump may be put? Then `*site` is how. */
bool unsock_call_site_find(const uint8_t *code, size_t size, size_t at, enum unsock_call_site_kind kind,
                           struct unsock_call_site *site);

#endif
