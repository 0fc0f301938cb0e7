/* The memory functions, which the compiler calls even in freestanding code. Hidden: they never replace libc's own. */
#include "rt/mem.h"

#undef memcpy
#undef memset
#undef strlen

#if defined(__GNUC__) && !defined(__clang__)
/* Keeps GCC from turning the loops below into calls of the functions that they are in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

/* A word that may be at any address, in an object of any type (GCC manual, may_alias). */
typedef struct {
    uint64_t value;
} __attribute__((packed, may_alias)) word;

static inline uint64_t load_word(const uint8_t *at) {
    return ((const word *)at)->value;
}

static inline void store(uint8_t *at, uint64_t value) {
    ((word *)at)->value = value;
}

/* The library copies, fills and compares mostly short objects: addresses, names, entries. If an object has at least
 * eight bytes, memcpy, memset and unsock_same_bytes handle eight at a time; the last eight may overlap those before. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    uint8_t *out = to;
    const uint8_t *in = from;
    if (length >= sizeof(word)) {
        size_t last = length - sizeof(word);
        for (size_t i = 0; i < last; i += sizeof(word))
            store(out + i, load_word(in + i));
        store(out + last, load_word(in + last));
        return to;
    }
    for (size_t i = 0; i < length; i++)
        out[i] = in[i];
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
    if (length >= sizeof(word)) {
        size_t last = length - sizeof(word);
        for (size_t i = 0; i < last; i += sizeof(word))
            store(out + i, filled);
        store(out + last, filled);
        return to;
    }
    for (size_t i = 0; i < length; i++)
        out[i] = (uint8_t)value;
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

UNSOCK_AT_EXIT bool unsock_same_bytes(const void *left, const void *right, size_t length) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    if (length >= sizeof(word)) {
        size_t last = length - sizeof(word);
        for (size_t i = 0; i < last; i += sizeof(word)) {
            if (load_word(a + i) != load_word(b + i))
                return false;
        }
        return load_word(a + last) == load_word(b + last);
    }
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i])
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
