/*
 * Is there memory where a trapped call's pointers point? What a system call answers with EFAULT would otherwise be the
 * end of the program in the handler. The kernel is asked, by calls that change nothing: one for each page.
 */
#ifndef UNSOCK_TRAP_POINTERS_H
#define UNSOCK_TRAP_POINTERS_H

#include <stdbool.h>
#include <stddef.h>

bool unsock_can_read(const void *from, size_t size);

/* `size` beyond a page: only its first and last bytes are looked at. */
bool unsock_can_write(void *to, size_t size);

#endif
