/* Hexadecimal digits, eight at a time: each connection writes and reads four to ten such groups. */
#ifndef UNSOCK_RT_HEX_H
#define UNSOCK_RT_HEX_H

#include "rt/mem.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte in memory is the lowest one");

#define UNSOCK_HEX_EACH(byte) (0x0101010101010101u * (byte)) /* the same in each of eight bytes */
#define UNSOCK_HEX_LETTER_GAP ('a' - '9' - 1)

/* Eight values from 0 to 15 as digits. */
static inline uint64_t unsock_hex_digits(uint64_t values) {
    uint64_t letters = (values + UNSOCK_HEX_EACH(6)) >> 4 & UNSOCK_HEX_EACH(1);
    return values + UNSOCK_HEX_EACH('0') + letters * UNSOCK_HEX_LETTER_GAP;
}

/* Bytes as digits, two each; `size` is a multiple of four. */
static inline void unsock_hex_write(const uint8_t *bytes, size_t size, char *digits) {
    for (size_t i = 0; i < size; i += 4) {
        uint32_t part;
        memcpy(&part, bytes + i, sizeof(part));
        uint64_t spread = part;
        spread = (spread | spread << 16) & 0x0000ffff0000ffffu;
        spread = (spread | spread << 8) & 0x00ff00ff00ff00ffu;
        uint64_t written = unsock_hex_digits((spread >> 4 | spread << 8) & UNSOCK_HEX_EACH(0x0f));
        memcpy(digits + 2 * i, &written, sizeof(written));
    }
}

/* And back. False for anything that unsock_hex_write would not have written: capitals too. */
static inline bool unsock_hex_read(const char *digits, size_t size, uint8_t *bytes) {
    uint64_t wrong = 0;
    for (size_t i = 0; i < size; i += 4) {
        uint64_t read;
        memcpy(&read, digits + 2 * i, sizeof(read));
        uint64_t letters = read >> 6 & UNSOCK_HEX_EACH(1);
        uint64_t values = (read & UNSOCK_HEX_EACH(0x0f)) + letters * 9;
        wrong |= (unsock_hex_digits(values) ^ read) | (values & UNSOCK_HEX_EACH(0xf0));
        uint64_t packed = (values << 4 | values >> 8) & 0x00ff00ff00ff00ffu;
        packed = (packed | packed >> 8) & 0x0000ffff0000ffffu;
        uint32_t part = (uint32_t)(packed | packed >> 16);
        memcpy(bytes + i, &part, sizeof(part));
    }
    return wrong == 0;
}

#endif
