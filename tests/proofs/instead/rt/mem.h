/*
 * For CBMC, which knows these of the compiler's by name alone: in the place of c/rt/mem.c, whose functions take words
 * at a time.
 */
#ifndef INSTEAD_MEM_H
#define INSTEAD_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline void *proof_copy(void *to, const void *from, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((char *)to)[i] = ((const char *)from)[i];
    return to;
}

void *memset(void *to, int value, size_t length);

static inline size_t proof_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}

static inline bool unsock_same(const void *left, const void *right, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (((const char *)left)[i] != ((const char *)right)[i])
            return false;
    }
    return true;
}

#define memcpy(to, from, length) proof_copy(to, from, length)
#define strlen(text) proof_length(text)

static inline bool unsock_is_nowhere(const void *pointer) {
    return pointer == NULL;
}

#define UNSOCK_MIN(a, b) ((a) < (b) ? (a) : (b))

#endif
