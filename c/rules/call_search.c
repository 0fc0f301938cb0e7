/* Searches machine code for `syscall`; on x86-64 eight bytes at once, since a program has millions of bytes. */
#include "rules/call_site.h"

#include "rt/text.h"

#ifdef __x86_64__

#define FIRST 0x0f
#define SECOND 0x05
#define STEP sizeof(uint64_t)

size_t unsock_call_search(const uint8_t *code, size_t from, size_t size) {
    uint64_t first, second;
    for (; from + STEP < size; from += STEP) {
        memcpy(&first, code + from, STEP);
        memcpy(&second, code + from + 1, STEP);
        /* A byte of `other` is 0 where a `syscall` begins. The lowest bit of `found` is in the first such byte. */
        uint64_t other = (first ^ UNSOCK_HEX_EACH(FIRST)) | (second ^ UNSOCK_HEX_EACH(SECOND));
        uint64_t found = (other - UNSOCK_HEX_EACH(1)) & ~other & UNSOCK_HEX_EACH(0x80);
        if (found != 0)
            return from + (size_t)__builtin_ctzll(found) / 8;
    }
    for (; from + 1 < size; from++)
        if (code[from] == FIRST && code[from + 1] == SECOND)
            return from;
    return size;
}

#else

size_t unsock_call_search(const uint8_t *code, size_t from, size_t size) {
    static const uint8_t svc[] = {0x01, 0x00, 0x00, 0xd4};
    for (from = (from + 3) & ~(size_t)3; from + sizeof(svc) <= size; from += sizeof(svc))
        if (unsock_same(code + from, svc, sizeof(svc)))
            return from;
    return size;
}

#endif
