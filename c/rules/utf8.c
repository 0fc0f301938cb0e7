/* Byte by byte. */
#include "rules/words.h"

#define FOLLOWING(byte) (((byte) & 0xc0) == 0x80)

unsigned unsock_utf8_next(const char *text) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint8_t *c = (const uint8_t *)text;
    unsigned more = *c < 0x80 ? 0 : (*c & 0xe0) == 0xc0 ? 1 : (*c & 0xf0) == 0xe0 ? 2 : (*c & 0xf8) == 0xf0 ? 3 : 4;
    if (more == 4)
        return 0;
    uint32_t point = more == 0 ? *c : *c & (0x3fu >> more);
    for (unsigned i = 1; i <= more; i++) {
        if (!FOLLOWING(c[i]))
            return 0;
        point = point << 6 | (c[i] & 0x3f);
    }
    return point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? 0 : more + 1;
}

bool unsock_utf8_is(const char *text) {
    while (*text != '\0') {
        unsigned length = unsock_utf8_next(text);
        if (length == 0)
            return false;
        text += length;
    }
    return true;
}
