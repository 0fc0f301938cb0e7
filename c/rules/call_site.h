/* Places in machine code where a program makes system calls, and the code that unsock puts there. */
#ifndef UNSOCK_RULES_CALL_SITE_H
#define UNSOCK_RULES_CALL_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* call_site.c: Finds places that make system calls, and plans how to rewrite them. Pure.
 * On x86-64 only whole instructions before the `syscall` are rewritten. So code that jumps to the `syscall` finds it
 * unchanged. On aarch64 one instruction is rewritten: the one before the `svc`; or, if other code may jump to the
 * `svc`, the `svc` itself, which the stub then executes. */

#define UNSOCK_CALL_SITE_ANY (-1)
#define UNSOCK_CALL_SITE_MOST 32 /* the most bytes that `moved` may be */

/* The bytes before and behind the `syscall` that the search reads. */
#define UNSOCK_CALL_SITE_BEFORE 44
#define UNSOCK_CALL_SITE_BEHIND 16

/* Where a program's code comes from. Each kind has its own forms of call sites. */
enum unsock_call_site_kind {
    UNSOCK_CALL_SITE_C,  /* by a C compiler, or by hand in a C library */
    UNSOCK_CALL_SITE_GO, /* by Go's compiler, whose code makes all calls about sockets in one place */
};

struct unsock_call_site {
    int16_t number; /* of the system call; UNSOCK_CALL_SITE_ANY: rax (aarch64: x8) holds any number */
    uint8_t moved;  /* bytes of instructions before the `syscall` that move to the stub; a jump replaces the first */
    uint8_t cut;    /* bytes behind the jump, the end of a moved instruction: no code jumps there */
};

/* True if code of `size` bytes has a `syscall` at `at` that may be rewritten; `*site` then says how. */
bool unsock_call_site_find(const uint8_t *code, size_t size, size_t at, enum unsock_call_site_kind kind,
                           struct unsock_call_site *site);

#ifdef __aarch64__

/* In a form (call_site.c), these two words match a branch and a call to any address. */
#define UNSOCK_CALL_SITE_B 0x14000000u
#define UNSOCK_CALL_SITE_BL 0x94000000u

/* True if the instructions from `at` on are `words`. */
bool unsock_call_site_words(const uint8_t *at, const uint32_t *words, size_t count);

#endif

/* call_stub.c: Makes the jump at a call site, and the stub that it jumps to. Pure: makes bytes and runs none. */

#define UNSOCK_CALL_STUB_MOST 96
#ifdef __x86_64__
#define UNSOCK_CALL_JUMP 5
#else
#define UNSOCK_CALL_JUMP 4
#endif

struct unsock_call_stub {
    uint64_t at;          /* the address of the stub */
    uint64_t syscall;     /* the address of the `syscall` */
    uint64_t enter;       /* the address of a pointer to the library's code, at most 2 GiB away (aarch64: 1 MiB) */
    const uint8_t *table; /* 65536 bytes, one for each call's number: not 0 if the library answers the call */
    bool keeps_stack;     /* aarch64: puts nothing on the program's stack (Go keeps data below the stack pointer) */
};

/* Makes the stub: the instructions in `moved`, which were before the `syscall`, then a jump through the pointer
 * `enter`. If the site may make any call (on aarch64: at every site), a call that is not in the table goes back to the
 * `syscall`. Returns the stub's length, or 0 if an address is too far away.
 *   - x86-64: At the jump, rcx holds the address behind the `syscall`, as after a `syscall`. The stub changes only rcx
 *     and r11, no flags, and nothing on the stack.
 *   - aarch64: an `svc` changes no register but x0. If the stub may use the stack, it saves x16 and x30 there. The
 *     library's code returns by x30, with w16 not 0 if it has answered the call. If the stub may not use the stack, x17
 *     holds the address of the `svc`: the code at such a site does not use x9 to x17. */
size_t unsock_call_stub_make(const struct unsock_call_stub *stub, const struct unsock_call_site *site,
                             const uint8_t *moved, uint8_t bytes[UNSOCK_CALL_STUB_MOST]);

/* Makes the jump at `from` to the stub, in the place of the first moved bytes. False if the stub is too far away. */
bool unsock_call_stub_jump(uint64_t from, uint64_t stub, uint8_t bytes[UNSOCK_CALL_JUMP]);

/* call_search.c: Returns the index of the next possible `syscall` or `svc` from `from` on, or `size`. Pure. */
size_t unsock_call_search(const uint8_t *code, size_t from, size_t size);

/* libc_write.c: Recognises glibc's `write`. glibc's own code calls it directly, so only a jump in the first bytes of
 * `write` can intercept those calls. Pure. */

/* The bytes of `write`, and of __syscall_cancel, that are compared. */
#ifdef __x86_64__
#define UNSOCK_LIBC_WRITE_MOST 96
#define UNSOCK_LIBC_CANCEL_MOST 22
#else
#define UNSOCK_LIBC_WRITE_MOST 28
#define UNSOCK_LIBC_CANCEL_MOST 24
#endif

/* How the library makes the call of `write` once a jump has replaced the first bytes of `write`. */
struct unsock_libc_write {
    uint8_t jump;     /* the offset in `write` at which the jump is put: no code jumps to the bytes behind */
    bool by_cancel;   /* true: by __syscall_cancel (glibc 2.41 or later); false: by a later part of `write` */
    int64_t distance; /* in bytes, from the start of `write` to __syscall_cancel, or to that part */
};

/* True if this is the `write` of glibc 2.41 or later; on x86-64, of glibc 2.35 or later. */
bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], struct unsock_libc_write *write);

/* True if this is __syscall_cancel: a cancellation point that makes the call given by its seventh argument. */
bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]);

#endif
