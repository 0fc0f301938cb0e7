/*
 * glibc's `write` (x86-64): its own code calls it by its address, and nothing can stand before that but at its first
 * bytes. Pure.
 */
#ifndef UNSOCK_RULES_LIBC_WRITE_H
#define UNSOCK_RULES_LIBC_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSOCK_LIBC_WRITE_MOST 96  /* bytes of `write` that are looked at */
#define UNSOCK_LIBC_CANCEL_MOST 22 /* and of __syscall_cancel */

/* How it does what it does, without its first bytes. */
struct unsock_libc_write {
    uint8_t jump;     /* where a jump may be put, from its start: nobody comes to the bytes behind but from before */
    bool by_cancel;   /* since 2.41: by __syscall_cancel; before: by a part of its own, which takes what it takes */
    int64_t distance; /* from its start to that function, or that part */
};

/* Is this glibc's write? The first is 2.41's and later, the second from 2.31 to 2.40. */
bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], struct unsock_libc_write *write);

/* Is this __syscall_cancel: a cancellation point that makes the call of its seventh argument, and sets errno? */
bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]);

#endif
