/* Hexadecimal digits, eight at a time: each connection writes and reads four to ten such groups. */
#ifndef UNSOCK_RT_HEX_H
#define UNSOCK_RT_HEX_H

#include <stdbool.h>
#include <stdint.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte in memory is the lowest one");

#define UNSOCK_HEX_EACH(byte) (0x0101010101010101u * (byte)) /* the same in each of eight bytes */
#define UNSOCK_HEX_LETTER_GAP ('a' - '9' - 1)

/* Four bytes (first in memory: lowest) as their eight digits (the same). */
static inline uint64_t unsock_hex_write(uint32_t bytes) {
    uint64_t spread = bytes;
    spread = (spread | spread << 16) & 0x0000ffff0000ffffu;
    spread = (spread | spread << 8) & 0x00ff00ff00ff00ffu;
    uint64_t values = (spread >> 4 | spread << 8) & UNSOCK_HEX_EACH(0x0f);
    uint64_t letters = (values + UNSOCK_HEX_EACH(6)) >> 4 & UNSOCK_HEX_EACH(1);
    return values + UNSOCK_HEX_EACH('0') + letters * UNSOCK_HEX_LETTER_GAP;
}

/* And back. False for anything that unsock_hex_write would not have written: capitals too. */
static inline bool unsock_hex_read(uint64_t digits, uint32_t *bytes) {
    uint64_t letters = digits >> 6 & UNSOCK_HEX_EACH(1);
    uint64_t values = (digits & UNSOCK_HEX_EACH(0x0f)) + letters * 9;
    uint64_t packed = (values << 4 | values >> 8) & 0x00ff00ff00ff00ffu;
    packed = (packed | packed >> 8) & 0x0000ffff0000ffffu;
    *bytes = (uint32_t)(packed | packed >> 16);
    return unsock_hex_write(*bytes) == digits;
}

#endif
