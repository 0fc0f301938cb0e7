/* Byte by byte. */
#include "rules/utf8.h"

#include <stdint.h>

#define FOLLOWING(byte) (((byte) & 0xc0) == 0x80)

bool unsock_utf8_is(const char *text) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    for (const uint8_t *c = (const uint8_t *)text; *c != '\0';) {
        unsigned more = *c < 0x80 ? 0 : (*c & 0xe0) == 0xc0 ? 1 : (*c & 0xf0) == 0xe0 ? 2 : (*c & 0xf8) == 0xf0 ? 3 : 4;
        if (more == 4)
            return false;
        uint32_t point = more == 0 ? *c : *c & (0x3fu >> more);
        c++;
        for (unsigned i = 0; i < more; i++, c++) {
            if (!FOLLOWING(*c))
                return false;
            point = point << 6 | (*c & 0x3f);
        }
        if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
            return false;
    }
    return true;
}
