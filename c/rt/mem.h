/* Memory functions with their standard meaning, hidden in the library, and a section for functions that run at exit. */
#ifndef UNSOCK_RT_MEM_H
#define UNSOCK_RT_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Puts a function beside the symbol table: in a forked child that soon exits, one page fault then maps both. */
#define UNSOCK_AT_EXIT __attribute__((section(".text.exit")))

#pragma GCC visibility push(hidden)
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);
size_t strlen(const char *text);

/* unsock_same for a length that is not constant. Cheaper than memcmp, which must also tell which side is greater. */
bool unsock_same_bytes(const void *left, const void *right, size_t length);
#pragma GCC visibility pop

/* Call built-in functions, which -ffreestanding turns off: these copy a few bytes of constant length in one or two
 * instructions. */
#define memcpy(to, from, length) __builtin_memcpy(to, from, length)
#define memset(to, value, length) __builtin_memset(to, value, length)
#define strlen(text) __builtin_strlen(text)

static inline bool unsock_same(const void *left, const void *right, size_t length) {
    if (__builtin_constant_p(length))
        return __builtin_memcmp(left, right, length) == 0;
    return unsock_same_bytes(left, right, length);
}

static inline bool unsock_is_among(uint32_t value, const uint32_t *values, size_t count) {
    while (count > 0 && values[count - 1] != value)
        count--;
    return count > 0;
}

/* True for a pointer into page 0 (EFAULT). False for high addresses, which on aarch64 may be tagged user pointers. */
static inline bool unsock_is_nowhere(const void *pointer) {
    return (uintptr_t)pointer < 4096;
}

#define UNSOCK_MIN(a, b) ((a) < (b) ? (a) : (b))

#endif
