/* Where in machine code a `syscall` may be: the bytes 0x0f and 0x05, one behind the other. Pure. */
#ifndef UNSOCK_RULES_CALL_SEARCH_H
#define UNSOCK_RULES_CALL_SEARCH_H

#include <stddef.h>
#include <stdint.h>

/*
 * The first of these `size` bytes, from `from` on, at which they are; `size`: at none. On x86-64 it uses the large
 * registers, which the library leaves alone otherwise, and leaves them 0, as they are before a program begins: it is
 * for the loader.
 */
size_t unsock_call_search(const uint8_t *code, size_t from, size_t size);

#endif
