/* What cannot be decoded for certain is refused: it is the same to who would have to guess. */
#include "rules/http.h"

#define STATIC_ENTRIES 61
#define ENTRY_SIZE 32
#define INTEGER_MOST (1u << 24)
#define LENGTH_MOST 32768u
#define AUTHORITY_INDEX 1 /* of the static table; its value is empty */
#define HOST_INDEX 38

/* Appendix A: how long the names are. */
static const uint8_t name_lengths[STATIC_ENTRIES] = {
    10, 7, 7, 5, 5, 7, 7, 7, 7,  7,  7, 7,  7,  7, 14, 15, 15, 13, 6, 27, 3, 5,  13, 13, 19, 16, 16, 14, 16, 13, 12,
    6,  4, 4, 6, 7, 4, 4, 8, 17, 13, 8, 19, 13, 4, 8,  12, 18, 19, 5, 7,  7, 11, 6,  10, 25, 17, 10, 4,  3,  16};

struct reader {
    const uint8_t *at;
    const uint8_t *end;
};

struct string {
    size_t length;
    char text[UNSOCK_HPACK_AUTHORITY_MOST]; /* as much of it as there is room for */
};

/* Section 5.1. */
static bool read_integer(struct reader *reader, unsigned prefix, uint32_t *value) {
    uint32_t most = (1u << prefix) - 1;
    if (reader->at == reader->end)
        return false;
    *value = *reader->at++ & most;
    for (unsigned shift = 0; *value >= most && shift <= 21; shift += 7) {
        if (reader->at == reader->end)
            return false;
        uint8_t byte = *reader->at++;
        *value += (uint32_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return *value <= INTEGER_MOST;
    }
    return *value < most;
}

/* Section 5.2. */
static bool read_string(struct reader *reader, struct string *string) {
    bool is_huffman = reader->at < reader->end && (*reader->at & 0x80);
    uint32_t size;
    if (!read_integer(reader, 7, &size) || size > (size_t)(reader->end - reader->at))
        return false;
    long length = is_huffman ? unsock_huffman_read(reader->at, size, string->text, sizeof(string->text)) : (long)size;
    if (!is_huffman)
        memcpy(string->text, reader->at, UNSOCK_MIN(size, (uint32_t)sizeof(string->text)));
    reader->at += size;
    string->length = (size_t)length;
    return length >= 0 && string->length <= LENGTH_MOST;
}

static bool is(const struct string *string, const char *text) {
    return string->length == strlen(text) && unsock_same(string->text, text, string->length);
}

static void evict(struct unsock_hpack *hpack) {
    while (hpack->used > hpack->limit && hpack->count > 0) {
        unsigned oldest = (hpack->newest + UNSOCK_HPACK_ENTRIES - --hpack->count) % UNSOCK_HPACK_ENTRIES;
        hpack->used -= hpack->entries[oldest].size;
    }
}

/* Section 4.4: one that is larger than the table empties it. */
static void add(struct unsock_hpack *hpack, const struct unsock_hpack_entry *entry) {
    uint32_t limit = hpack->limit;
    hpack->limit = limit >= entry->size ? limit - entry->size : 0;
    evict(hpack);
    hpack->limit = limit;
    if (entry->size > limit)
        return;
    hpack->newest = (hpack->newest + 1) % UNSOCK_HPACK_ENTRIES;
    hpack->entries[hpack->newest] = *entry;
    hpack->count++;
    hpack->used += entry->size;
}

/* A field of the static table, or of that of this connection. False: there is none of this number. */
static bool look_up(const struct unsock_hpack *hpack, uint32_t index, struct unsock_hpack_entry *entry) {
    if (index == 0 || index > STATIC_ENTRIES + hpack->count)
        return false;
    if (index > STATIC_ENTRIES) {
        uint32_t age = index - STATIC_ENTRIES - 1;
        *entry = hpack->entries[(hpack->newest + UNSOCK_HPACK_ENTRIES - age) % UNSOCK_HPACK_ENTRIES];
        return true;
    }
    bool is_authority = index == AUTHORITY_INDEX || index == HOST_INDEX;
    *entry = (struct unsock_hpack_entry){.name_length = name_lengths[index - 1],
                                         .is_authority = is_authority,
                                         .kind = is_authority ? UNSOCK_HPACK_ANOTHER : UNSOCK_HPACK_NONE};
    return true;
}

/* What the value of such a field says; the first one says for whom all are. */
static uint8_t judge(struct unsock_hpack *hpack, const struct string *value) {
    if (value->length == 0 || value->length > sizeof(hpack->authority))
        return UNSOCK_HPACK_ANOTHER;
    if (hpack->length == 0) {
        memcpy(hpack->authority, value->text, value->length);
        hpack->length = value->length;
    }
    bool same = value->length == hpack->length && unsock_same(value->text, hpack->authority, value->length);
    return same ? UNSOCK_HPACK_SAME : UNSOCK_HPACK_ANOTHER;
}

/* Section 6.2: a field with a value of its own, whose name may be another's. */
static bool read_literal(struct unsock_hpack *hpack, struct reader *reader, unsigned prefix, bool is_added) {
    struct unsock_hpack_entry entry = {.kind = UNSOCK_HPACK_NONE};
    struct string string;
    uint32_t index;
    if (!read_integer(reader, prefix, &index))
        return false;
    if (index > 0) {
        if (!look_up(hpack, index, &entry))
            return false;
    } else {
        if (!read_string(reader, &string))
            return false;
        entry.name_length = (uint16_t)string.length;
        entry.is_authority = is(&string, ":authority") || is(&string, "host");
    }
    if (!read_string(reader, &string))
        return false;
    entry.kind = entry.is_authority ? judge(hpack, &string) : UNSOCK_HPACK_NONE;
    entry.size = (uint16_t)UNSOCK_MIN(entry.name_length + string.length + ENTRY_SIZE, (size_t)UINT16_MAX);
    if (is_added)
        add(hpack, &entry);
    return entry.kind != UNSOCK_HPACK_ANOTHER;
}

static bool read_size(struct unsock_hpack *hpack, struct reader *reader) {
    uint32_t limit;
    if (!read_integer(reader, 5, &limit) || limit > UNSOCK_HPACK_TABLE)
        return false;
    hpack->limit = limit;
    evict(hpack);
    return true;
}

static bool read_indexed(const struct unsock_hpack *hpack, struct reader *reader) {
    struct unsock_hpack_entry entry;
    uint32_t index;
    return read_integer(reader, 7, &index) && look_up(hpack, index, &entry) && entry.kind != UNSOCK_HPACK_ANOTHER;
}

bool unsock_hpack_read(struct unsock_hpack *hpack, const uint8_t *block, size_t size) {
    struct reader reader = {block, block + size};
    bool good = true;
    /* Section 4.2: before all fields. */
    while (good && reader.at < reader.end && (*reader.at & 0xe0) == 0x20)
        good = read_size(hpack, &reader);
    while (good && reader.at < reader.end) {
        uint8_t first = *reader.at;
        if (first & 0x80)
            good = read_indexed(hpack, &reader);
        else if (first & 0x40)
            good = read_literal(hpack, &reader, 6, true);
        else if (first & 0x20)
            good = false;
        else
            good = read_literal(hpack, &reader, 4, false);
    }
    return good;
}
