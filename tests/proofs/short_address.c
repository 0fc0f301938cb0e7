/*
 * For CBMC: an address in five characters is read from five bytes, whatever they are, and written back as it was read;
 * and the bits of any address are written and read back.
 */
#include "rules/ip.h"

#define SIZE 5
#ifndef WRONG /* the test has another one, which must not hold */
#define WRONG 0
#endif

char nondet_char(void);
uint32_t nondet_bits(void);

int main(void) {
    char bytes[SIZE], written[SIZE];
    uint32_t bits, other = nondet_bits();
    for (int i = 0; i < SIZE; i++)
        bytes[i] = nondet_char();
    if (unsock_short_address_read((struct unsock_span){bytes, SIZE}, &bits)) {
        __CPROVER_assert(unsock_short_address_put(written, bits) == written + SIZE, "it has five characters,");
        for (int i = 0; i < SIZE; i++)
            __CPROVER_assert(written[i] == bytes[i] + WRONG, "and the same");
    }
    __CPROVER_assume(other < 1u << 30);
    unsock_short_address_put(written, other);
    __CPROVER_assert(unsock_short_address_read((struct unsock_span){written, SIZE}, &bits) && bits == other,
                     "bits are");
    return 0;
}
