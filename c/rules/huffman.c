/*
 * The code is canonical: codes of one length are those of its symbols in order, and begin behind those of the length
 * before. So their number for each length, and all symbols in the order of their codes, are all of it.
 */
#include "rules/http.h"

#define LENGTH_MOST 30 /* bits; the last code of that length means the end, and is never in a text */

static const uint8_t counts[LENGTH_MOST + 1] = {0, 0, 0, 0, 0, 10, 26, 32, 6,  0, 5,  3,  2,  6, 2, 3,
                                                0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 3};

static const uint8_t symbols[256] = {
    48,  49,  50,  97,  99,  101, 105, 111, 115, 116, 32,  37,  45,  46,  47,  51,  52,  53,  54,  55,  56,  57,
    61,  65,  95,  98,  100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58,  66,  67,  68,  69,  70,  71,  72,
    73,  74,  75,  76,  77,  78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  89,  106, 107, 113, 118, 119, 120,
    121, 122, 38,  42,  44,  59,  88,  90,  33,  34,  40,  41,  63,  39,  43,  124, 35,  62,  0,   36,  64,  91,
    93,  126, 94,  125, 60,  96,  123, 92,  195, 208, 128, 130, 131, 162, 184, 194, 224, 226, 153, 161, 167, 172,
    176, 177, 179, 209, 216, 217, 227, 229, 230, 129, 132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170,
    173, 178, 181, 185, 186, 187, 189, 190, 196, 198, 228, 232, 233, 1,   135, 137, 138, 139, 140, 141, 143, 147,
    149, 150, 151, 152, 155, 157, 158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9,   142,
    144, 145, 148, 159, 171, 206, 215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213,
    218, 219, 238, 240, 242, 243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250,
    251, 252, 253, 254, 2,   3,   4,   5,   6,   7,   8,   11,  12,  14,  15,  16,  17,  18,  19,  20,  21,  23,
    24,  25,  26,  27,  28,  29,  30,  31,  127, 220, 249, 10,  13,  22,
};

/* The symbol with the code of `length` bits; -1: there is none of that length. */
static int symbol_of(uint32_t code, unsigned length) {
    uint32_t first = 0;
    unsigned index = 0;
    for (unsigned i = 1; i <= length; i++) {
        first <<= 1;
        if (i == length)
            break;
        first += counts[i];
        index += counts[i];
    }
    return code >= first && code - first < counts[length] ? symbols[index + code - first] : -1;
}

long unsock_huffman_read(const uint8_t *bytes, size_t size, char *text, size_t room) {
    uint32_t code = 0;
    unsigned length = 0;
    size_t written = 0;
    for (size_t bit = 0; bit < size * 8; bit++) {
        code = code << 1 | (bytes[bit / 8] >> (7 - bit % 8) & 1);
        if (++length > LENGTH_MOST)
            return -1;
        int symbol = symbol_of(code, length);
        if (symbol < 0)
            continue;
        if (written < room)
            text[written] = (char)symbol;
        written++;
        code = length = 0;
    }
    /* It is filled up with ones, less than a byte of them. */
    return length < 8 && code == (1u << length) - 1 ? (long)written : -1;
}
