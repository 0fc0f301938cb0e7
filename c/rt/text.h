/* Text in the caller's memory: building it, reading numbers and hexadecimal digits, and reading a file's lines. */
#ifndef UNSOCK_RT_TEXT_H
#define UNSOCK_RT_TEXT_H

#include "rt/mem.h"

#define UNSOCK_PATH_MOST 4096 /* the kernel's longest path, with its NUL */

/* A pointer to a piece of text, and its length; not NUL-terminated. */
struct unsock_span {
    const char *at;
    size_t length;
};

/* Text under construction, always NUL-terminated. Text that does not fit is cut off, and `cut` is set. */
struct unsock_text {
    char *buffer;
    size_t size; /* bytes of buffer, at least 1 */
    size_t length;
    bool cut;
};

struct unsock_span unsock_span_of(const char *text);

static inline bool unsock_span_same(struct unsock_span one, struct unsock_span other) {
    return one.length == other.length && unsock_same(one.at, other.at, one.length);
}

static inline bool unsock_span_is(struct unsock_span span, const char *text) {
    return unsock_span_same(span, (struct unsock_span){text, strlen(text)});
}

/* Returns the number of strings in a NULL-terminated list; 0 for NULL. */
static inline size_t unsock_list_length(const char *const *list) {
    size_t length = 0;
    while (list && list[length])
        length++;
    return length;
}

bool unsock_begins(const char *string, const char *with);

static inline bool unsock_span_has(struct unsock_span span, char c) {
    size_t at = 0;
    while (at < span.length && span.at[at] != c)
        at++;
    return at < span.length;
}

/* Removes the text up to the first `separator`, or all, from `*rest`. Returns the text without the separator. */
struct unsock_span unsock_span_next(struct unsock_span *rest, char separator);

/* Returns the part of a path behind its last '/'. */
struct unsock_span unsock_base_name(struct unsock_span path);

/* Reads an unsigned number, at most `most`. False for anything but digits of `base` (8, 10 or 16), such as a sign. */
bool unsock_span_number(struct unsock_span span, unsigned base, uint64_t most, uint64_t *number);

static inline struct unsock_text unsock_text_in(char *buffer, size_t size) {
    buffer[0] = '\0';
    return (struct unsock_text){buffer, size, 0, false};
}

/* Declares an empty text of this name, and its buffer. */
#define UNSOCK_TEXT(text, size)                                                                                        \
    char text##_bytes[size];                                                                                           \
    struct unsock_text text = unsock_text_in(text##_bytes, sizeof(text##_bytes))

void unsock_text_char(struct unsock_text *text, char c);
void unsock_text_put(struct unsock_text *text, const char *string);
void unsock_text_list(struct unsock_text *text, const char *const *strings);
#define unsock_text_join(text, ...) unsock_text_list(text, (const char *const[]){__VA_ARGS__, NULL})
/* As unsock_text_join, for a line that says why something is refused. Evaluates to false, for the caller to return. */
#define unsock_text_fail(text, ...) (unsock_text_join(text, __VA_ARGS__), false)
#define unsock_text_refuse(text, what, why, value) unsock_text_fail(text, what, ": ", why, ": \"", value, "\"")
/* A string for unsock_text_join: the text `before`, then the number's digits. */
#define UNSOCK_DIGITS(before, number, base, digits)                                                                    \
    unsock_text_digits((char[32]){0}, before, (uint64_t)(number), base, digits)
#define UNSOCK_DECIMAL(number) UNSOCK_DIGITS("", number, 10, 1)
#define UNSOCK_MODE(mode) UNSOCK_DIGITS("", mode, 8, 3)
#define UNSOCK_FD_PATH(fd) UNSOCK_DIGITS("/proc/self/fd/", fd, 10, 1)
const char *unsock_text_digits(char buffer[32], const char *before, uint64_t number, unsigned base, unsigned digits);

void unsock_text_span(struct unsock_text *text, struct unsock_span span);
void unsock_text_number(struct unsock_text *text, uint64_t number, unsigned base, unsigned digits);

/* Appends the text in double quotes: with '?' for each control character, and "..." for bytes behind the first 200. */
void unsock_text_quote(struct unsock_text *text, struct unsock_span span);

/* Converts hexadecimal digits eight at a time: a client stream's name (rules/kernel_name.c) has 40 to 88 of them. */

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first byte in memory is the lowest one");

#define UNSOCK_HEX_EACH(byte) (0x0101010101010101u * (byte)) /* `byte` in each of eight bytes */
#define UNSOCK_HEX_LETTER_GAP ('a' - '9' - 1)

/* Turns eight values from 0 to 15, one a byte, into their digits. */
static inline uint64_t unsock_hex_digits(uint64_t values) {
    uint64_t letters = (values + UNSOCK_HEX_EACH(6)) >> 4 & UNSOCK_HEX_EACH(1);
    return values + UNSOCK_HEX_EACH('0') + letters * UNSOCK_HEX_LETTER_GAP;
}

/* Writes bytes as lower-case digits, two each. `size` is a multiple of four. */
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

/* Reads the digits of `size` bytes, a multiple of four. False for text that unsock_hex_write would not write. */
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

/* Reads a text file, mostly one of /proc, line by line, in a buffer of the caller's (lines.c). */

#define UNSOCK_LINES_CHUNK 512 /* bytes; few, as an intercepted call may run on a small stack */

struct unsock_lines {
    long fd;       /* -errno if the file cannot be opened: there are no lines then */
    bool too_long; /* the next bytes belong to a line that is longer than the buffer, and so is skipped */
    bool failed;   /* opening or reading failed, so the last line returned may not be the file's last */
    bool skipped;  /* a line was skipped */
    size_t used;
    size_t filled;
    char buffer[UNSOCK_LINES_CHUNK];
};

void unsock_lines_open(struct unsock_lines *lines, const char *path);

/* Stores the next line (valid until the next call), without its newline. Skips too long ones. False: end or error. */
bool unsock_lines_next(struct unsock_lines *lines, struct unsock_span *line);

void unsock_lines_close(struct unsock_lines *lines);

/* Removes the next word of a line, and the blanks before it. Returns the word; empty if there is none. */
struct unsock_span unsock_lines_word(struct unsock_span *line);

#endif
