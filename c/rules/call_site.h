/* Where code makes system calls, and what takes their place. */
#ifndef UNSOCK_RULES_CALL_SITE_H
#define UNSOCK_RULES_CALL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * call_site.c: Places in machine code where a system call is made, and what may be rewritten there. Pure: bytes in, a
 * plan out.
 *
 * On x86-64 the `syscall` itself is never rewritten, only whole instructions before it: so whoever jumps to it, or
 * comes to it from elsewhere, finds it as it was. On aarch64 one instruction is: the one before the `svc`; or the
 * `svc`, which the stub then makes, where other instructions jump to it.
 */

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
    uint8_t moved;  /* bytes before the `syscall`, whole instructions: a jump may take the place of the first ones */
    uint8_t cut;    /* so many of them are not whole once the jump is there: nobody comes to them but from before */
};

/* True if there is a `syscall` at `at`, of these `size` bytes of code, that may be rewritten. `*site`: how. */
bool unsock_call_site_find(const uint8_t *code, size_t size, size_t at, enum unsock_call_site_kind kind,
                           struct unsock_call_site *site);

#ifdef __aarch64__

/* Stand for a branch, and a call, to wherever, among the words of a form. */
#define UNSOCK_CALL_SITE_B 0x14000000u
#define UNSOCK_CALL_SITE_BL 0x94000000u

/* True if these are the instructions from `at` on. */
bool unsock_call_site_words(const uint8_t *at, const uint32_t *words, size_t count);

#endif

/* call_stub.c: Makes the jump that is put at a call site, and the stub that it leads to. Pure: bytes are made, none
 * run. */

#define UNSOCK_CALL_STUB_MOST 96
#ifdef __x86_64__
#define UNSOCK_CALL_JUMP 5
#else
#define UNSOCK_CALL_JUMP 4
#endif

struct unsock_call_stub {
    uint64_t at;          /* where the stub will be */
    uint64_t syscall;     /* where the `syscall` is */
    uint64_t enter;       /* where a pointer to the code is that goes on, less than 2 GiB away (aarch64: 1 MiB) */
    const uint8_t *table; /* 65536 bytes, not 0 for numbers of calls that are answered */
    bool keeps_stack;     /* aarch64: nothing is put on the program's stack (Go has something below it) */
};

/*
 * Makes the stub: the instructions that the jump takes the place of, up to the `syscall`; then on through the pointer,
 * with the address behind the `syscall` in rcx, as that would leave it. Where any call may be made, those that are not
 * in the table go back to the `syscall` itself. Nothing but rcx and r11 is changed, which it changes too; not the
 * flags, and nothing on the stack. `moved`: the bytes before the `syscall`. Returns how many bytes it has; 0: too far.
 *
 * On aarch64 the `svc` changes no register but x0. Where the stack may be used, x16 and x30 are on it meanwhile, and
 * the code that goes on comes back by x30: there if nothing was answered, behind the next instruction if something was.
 * Else the place is one where x9 to x17 are free, and x17 leads to the `svc`.
 */
size_t unsock_call_stub_make(const struct unsock_call_stub *stub, const struct unsock_call_site *site,
                             const uint8_t *moved, uint8_t bytes[UNSOCK_CALL_STUB_MOST]);

/* Makes the jump from `from` to the stub, for the first of the moved bytes. False: too far. */
bool unsock_call_stub_jump(uint64_t from, uint64_t stub, uint8_t bytes[UNSOCK_CALL_JUMP]);

/* call_search.c: Where in machine code a `syscall` may be: the bytes 0x0f and 0x05, or on aarch64 a word at a multiple
 * of 4. Pure. */

/*
 * The first of these `size` bytes, from `from` on, at which they are; `size`: at none. On x86-64 it uses the large
 * registers, which the library leaves alone otherwise, and leaves them 0, as they are before a program begins: it is
 * for the loader.
 */
size_t unsock_call_search(const uint8_t *code, size_t from, size_t size);

/*
 * libc_write.c: glibc's `write`: its own code calls it by its address, and nothing can stand before that but at its
 * first bytes. Pure.
 */

/* So many bytes are looked at of `write`, and of __syscall_cancel. */
#ifdef __x86_64__
#define UNSOCK_LIBC_WRITE_MOST 96
#define UNSOCK_LIBC_CANCEL_MOST 22
#else
#define UNSOCK_LIBC_WRITE_MOST 28
#define UNSOCK_LIBC_CANCEL_MOST 24
#endif

/* How it does what it does, without its first bytes. */
struct unsock_libc_write {
    uint8_t jump;     /* where a jump may be put, from its start: nobody comes to the bytes behind but from before */
    bool by_cancel;   /* since 2.41: by __syscall_cancel; before: by a part of its own, which takes what it takes */
    int64_t distance; /* from its start to that function, or that part */
};

/* True if this is glibc's write: 2.41's and later, and on x86-64 from 2.31 on. */
bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], struct unsock_libc_write *write);

/* True if this is __syscall_cancel: a cancellation point that makes its seventh argument's call, and sets errno. */
bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]);

#endif
