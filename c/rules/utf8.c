/* Byte by byte. */
#include "rules/words.h"

#define SHOWN_MOST 255
#define REPLACEMENT "\xef\xbf\xbd"
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

static void show_byte(struct unsock_text *text, unsigned byte) {
    unsock_text_put(text, "\\x");
    unsock_text_number(text, byte, 16, 2);
}

void unsock_utf8_show(struct unsock_text *text, struct unsock_span span) {
    char copy[SHOWN_MOST + 1] = "";
    size_t most = span.length < SHOWN_MOST ? span.length : SHOWN_MOST;
    memcpy(copy, span.at, most);
    for (size_t i = 0; i < most;) {
        uint8_t c = (uint8_t)copy[i], next = (uint8_t)copy[i + 1];
        unsigned length = unsock_utf8_next(copy + i);
        if (c < 0x20 || c == 0x7f)
            show_byte(text, c);
        else if (length == 2 && c == 0xc2 && next < 0xa0)
            show_byte(text, next);
        else if (length == 0)
            unsock_text_put(text, REPLACEMENT);
        else
            unsock_text_span(text, (struct unsock_span){copy + i, length});
        i += length == 0 ? 1 : length;
    }
}
