/* What is put at a call site (rules/call_site.h): a jump, and the stub that it leads to. Pure: bytes are made, none
 * run. */
#ifndef UNSOCK_RULES_CALL_STUB_H
#define UNSOCK_RULES_CALL_STUB_H

#include "rules/call_site.h"

#define UNSOCK_CALL_STUB_MOST 96
#define UNSOCK_CALL_JUMP 5

struct unsock_call_stub {
    uint64_t at;          /* where the stub will be */
    uint64_t syscall;     /* where the `syscall` is */
    uint64_t enter;       /* where a pointer to the code is that goes on, less than 2 GiB away */
    const uint8_t *table; /* 65536 bytes, not 0 for numbers of calls that are answered */
};

/*
 * Makes the stub: the instructions that the jump takes the place of, up to the `syscall`; then on through the pointer,
 * with the address behind the `syscall` in rcx, as that would leave it. Where any call may be made, those that are not
 * in the table go back to the `syscall` itself. Nothing but rcx and r11 is changed, which it changes too; not the
 * flags, and nothing on the stack. `moved`: the bytes before the `syscall`. Returns how many bytes it has; 0: too far.
 */
size_t unsock_call_stub_make(const struct unsock_call_stub *stub, const struct unsock_call_site *site,
                             const uint8_t *moved, uint8_t bytes[UNSOCK_CALL_STUB_MOST]);

/* Makes the jump from `from` to the stub, for the first of the moved bytes. False: too far. */
bool unsock_call_stub_jump(uint64_t from, uint64_t stub, uint8_t bytes[UNSOCK_CALL_JUMP]);

#endif
