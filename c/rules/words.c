/* Checks UTF-8, and computes distances between words. */
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

#define NAME_MOST 48
#define SLIPS_NONE 255

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Returns the number of slips between two words: letters inserted, removed, replaced, or swapped with the next one. */
static unsigned slips(struct unsock_span a, struct unsock_span b) {
    uint8_t rows[3][NAME_MOST + 1];
    if (a.length > NAME_MOST || b.length > NAME_MOST)
        return SLIPS_NONE;
    for (size_t column = 0; column <= b.length; column++)
        rows[0][column] = (uint8_t)column;
    for (size_t row = 1; row <= a.length; row++) {
        uint8_t *next = rows[row % 3], *last = rows[(row + 2) % 3], *before = rows[(row + 1) % 3];
        next[0] = (uint8_t)row;
        for (size_t column = 1; column <= b.length; column++) {
            unsigned most = last[column - 1] + (a.at[row - 1] == b.at[column - 1] ? 0 : 1);
            most = least(most, least(last[column], next[column - 1]) + 1);
            if (row > 1 && column > 1 && a.at[row - 1] == b.at[column - 2] && a.at[row - 2] == b.at[column - 1])
                most = least(most, before[column - 2] + 1);
            next[column] = (uint8_t)most;
        }
    }
    return rows[a.length % 3][b.length];
}

const char *unsock_nearest(struct unsock_span name, size_t prefix, unsock_word *word, const void *context) {
    const char *found = NULL, *candidate;
    size_t letters = name.length - UNSOCK_MIN(prefix, name.length);
    if (letters + (prefix == 1) < 2)
        return NULL;
    for (unsigned i = 0; (candidate = word(context, i)); i++) {
        struct unsock_span span = unsock_span_of(candidate);
        if (span.length > name.length && unsock_same(span.at + (prefix == 1), name.at, name.length))
            return candidate;
    }
    unsigned most = letters < 6 ? 1 : (unsigned)letters / 3;
    for (unsigned i = 0; (candidate = word(context, i)); i++) {
        unsigned distance = slips(name, unsock_span_of(candidate));
        if (distance <= most) {
            most = distance - 1;
            found = candidate;
            if (distance == 0)
                break;
        }
    }
    return found;
}
