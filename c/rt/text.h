/* Text of bounded length: building it in a caller's buffer, and reading numbers from it. */
#ifndef UNSOCK_RT_TEXT_H
#define UNSOCK_RT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
bool unsock_span_is(struct unsock_span span, const char *text);

/* Does the string begin so? */
bool unsock_begins(const char *string, const char *with);

/* Cuts what stands before the first `separator` off the front of *rest; without one, takes all. */
struct unsock_span unsock_span_next(struct unsock_span *rest, char separator);

/* What stands behind the last '/' of a path. */
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

#endif
