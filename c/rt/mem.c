/*
 * The memory functions that the compiler calls on its own even in freestanding code. Hidden: they never replace libc's.
 */
#include "rt/mem.h"

#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
/* Without this GCC would turn the loops below into calls of themselves. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* A word at any address, of any type (GCC manual, may_alias). */
typedef struct {
    uint64_t value;
} __attribute__((packed, may_alias)) word;

/* Nearly all that is copied here is short: addresses, names, entries. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    uint8_t *out = to;
    const uint8_t *in = from;
    for (; length >= sizeof(word); length -= sizeof(word), out += sizeof(word), in += sizeof(word))
        ((word *)out)->value = ((const word *)in)->value;
    for (; length > 0; length--)
        *out++ = *in++;
    return to;
}

void *memmove(void *to, const void *from, size_t length) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if (out <= in) {
        for (size_t i = 0; i < length; i++)
            out[i] = in[i];
    } else {
        for (size_t i = length; i > 0; i--)
            out[i - 1] = in[i - 1];
    }
    return to;
}

void *memset(void *to, int value, size_t length) {
    uint8_t *out = to;
    uint64_t filled = 0x0101010101010101u * (uint8_t)value;
    for (; length >= sizeof(word); length -= sizeof(word), out += sizeof(word))
        ((word *)out)->value = filled;
    for (; length > 0; length--)
        *out++ = (uint8_t)value;
    return to;
}

int memcmp(const void *left, const void *right, size_t length) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

bool unsock_same(const void *left, const void *right, size_t length) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; length >= sizeof(word); length -= sizeof(word), a += sizeof(word), b += sizeof(word)) {
        if (((const word *)a)->value != ((const word *)b)->value)
            return false;
    }
    for (; length > 0; length--) {
        if (*a++ != *b++)
            return false;
    }
    return true;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}
