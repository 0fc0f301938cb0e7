/*
 * glibc's `write`, since 2.41 (x86-64): its own code calls it by its address, and nothing can stand before that but
 * at its first bytes. Pure.
 */
#ifndef UNSOCK_RULES_LIBC_WRITE_H
#define UNSOCK_RULES_LIBC_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UNSOCK_LIBC_WRITE_MOST 32  /* bytes of `write` that are looked at */
#define UNSOCK_LIBC_CANCEL_MOST 28 /* and of what it calls */

/*
 * Is this function nothing but `return __syscall_cancel(fd, data, size, 0, 0, 0, __NR_write)`? `*distance`: how far
 * from its start the function is that it calls.
 */
bool unsock_libc_write_find(const uint8_t code[UNSOCK_LIBC_WRITE_MOST], int64_t *distance);

/* Is this __syscall_cancel: a cancellation point that makes the call of its seventh argument, and sets errno? */
bool unsock_libc_cancel_find(const uint8_t code[UNSOCK_LIBC_CANCEL_MOST]);

#endif
