/* Text in memory of the caller's: what is written, digits, lines that are read. */
#ifndef UNSOCK_RT_TEXT_H
#define UNSOCK_RT_TEXT_H

#include "rt/mem.h"

/* text.c: Text of bounded length: building it in a caller's buffer, and reading numbers from it. */

/* A piece of text that somebody else owns; not NUL-terminated. */
struct unsock_span {
    const char *at;
    size_t length;
};

/* Text under construction: always NUL-terminated; what does not fit is cut off and `cut` says so. */
struct unsock_text {
    char *buffer;
    size_t size; /* bytes of buffer, at least 1 */
    size_t length;
    bool cut;
};

struct unsock_span unsock_span_of(const char *text);

static inline bool unsock_span_is(struct unsock_span span, const char *text) {
    size_t length = strlen(text);
    return span.length == length && unsock_same(span.at, text, length);
}

/* True if the string begins with `with`. */
bool unsock_begins(const char *string, const char *with);

/* True if the character is in the string. It is not '\0'. */
bool unsock_contains(const char *string, char c);

/* Cuts what stands before the first `separator` off the front of *rest; without one, takes all. */
struct unsock_span unsock_span_next(struct unsock_span *rest, char separator);

/* Returns the part of a path behind its last '/'. */
struct unsock_span unsock_base_name(struct unsock_span path);

/* Reads an unsigned number (digits of `base` 8, 10 or 16 only, no sign, no blank), at most `most`. */
bool unsock_span_number(struct unsock_span span, unsigned base, uint64_t most, uint64_t *number);

void unsock_text_start(struct unsock_text *text, char *buffer, size_t size);

static inline struct unsock_text unsock_text_in(char *buffer, size_t size) {
    buffer[0] = '\0';
    return (struct unsock_text){buffer, size, 0, false};
}

void unsock_text_char(struct unsock_text *text, char c);
void unsock_text_put(struct unsock_text *text, const char *string);
/* Appends strings, one behind the other. */
void unsock_text_list(struct unsock_text *text, const char *const *strings);
#define unsock_text_join(text, ...) unsock_text_list(text, (const char *const[]){__VA_ARGS__, NULL})

void unsock_text_span(struct unsock_text *text, struct unsock_span span);
void unsock_text_number(struct unsock_text *text, uint64_t number, unsigned base, unsigned digits);

/* Appends "…" in quotes, control characters as '?', at most 200 bytes of it: for values in messages. */
void unsock_text_quote(struct unsock_text *text, struct unsock_span span);

static inline char unsock_upper(char c) {
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

/* Hexadecimal digits, eight at a time: each connection writes and reads four to ten such groups. */

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

/* lines.c: A text file of the kernel's, line by line, in a buffer of the caller's. */

#define UNSOCK_LINES_CHUNK 512 /* calls may run on small stacks */

struct unsock_lines {
    long fd;       /* or -errno: then there is no line */
    bool too_long; /* what comes next is the rest of a line that is left out */
    bool failed;   /* the last line was not the file's last one */
    bool skipped;  /* one has been left out */
    size_t used;
    size_t filled;
    char buffer[UNSOCK_LINES_CHUNK];
};

void unsock_lines_open(struct unsock_lines *lines, const char *path);

/* The next line, without its end, good until the next call. A line longer than the buffer is left out. */
bool unsock_lines_next(struct unsock_lines *lines, struct unsock_span *line);

void unsock_lines_close(struct unsock_lines *lines);

/* Cuts the next word off the front of a line: blanks in front of it are skipped. Empty when there is none. */
struct unsock_span unsock_lines_word(struct unsock_span *line);

#endif
