/* Builds text of bounded length in a buffer, and splits and reads text. */
#include "rt/text.h"

#define QUOTE_MOST 200

struct unsock_span unsock_span_of(const char *text) {
    return (struct unsock_span){text, strlen(text)};
}

bool unsock_begins(const char *string, const char *with) {
    while (*with != '\0' && *string == *with)
        string++, with++;
    return *with == '\0';
}

struct unsock_span unsock_span_next(struct unsock_span *rest, char separator) {
    size_t length = 0;
    while (length < rest->length && rest->at[length] != separator)
        length++;
    struct unsock_span first = {rest->at, length};
    size_t skipped = length < rest->length ? length + 1 : length;
    rest->at += skipped;
    rest->length -= skipped;
    return first;
}

struct unsock_span unsock_base_name(struct unsock_span path) {
    size_t start = path.length;
    while (start > 0 && path.at[start - 1] != '/')
        start--;
    return (struct unsock_span){path.at + start, path.length - start};
}

static unsigned digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 99;
}

bool unsock_span_number(struct unsock_span span, unsigned base, uint64_t most, uint64_t *number) {
    uint64_t sum = 0;
    if (span.length == 0)
        return false;
    for (size_t i = 0; i < span.length; i++) {
        unsigned digit = digit_value(span.at[i]);
        if (digit >= base || __builtin_mul_overflow(sum, base, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return false;
    }
    if (sum > most)
        return false;
    *number = sum;
    return true;
}

void unsock_text_char(struct unsock_text *text, char c) {
    if (text->length + 1 >= text->size) {
        text->cut = true;
        return;
    }
    text->buffer[text->length++] = c;
    text->buffer[text->length] = '\0';
}

void unsock_text_span(struct unsock_text *text, struct unsock_span span) {
    size_t room = text->size - 1 - text->length;
    size_t length = UNSOCK_MIN(span.length, room);
    memcpy(text->buffer + text->length, span.at, length);
    text->length += length;
    text->buffer[text->length] = '\0';
    text->cut |= length < span.length;
}

void unsock_text_put(struct unsock_text *text, const char *string) {
    unsock_text_span(text, unsock_span_of(string));
}

void unsock_text_list(struct unsock_text *text, const char *const *strings) {
    for (; *strings; strings++)
        unsock_text_put(text, *strings);
}

void unsock_text_number(struct unsock_text *text, uint64_t number, unsigned base, unsigned digits) {
    char reversed[64];
    unsigned count = 0;
    do {
        reversed[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    while (count < digits && count < sizeof(reversed))
        reversed[count++] = '0';
    while (count > 0)
        unsock_text_char(text, reversed[--count]);
}

const char *unsock_text_digits(char buffer[32], const char *before, uint64_t number, unsigned base, unsigned digits) {
    struct unsock_text text = unsock_text_in(buffer, 32);
    unsock_text_put(&text, before);
    unsock_text_number(&text, number, base, digits);
    return buffer;
}

void unsock_text_quote(struct unsock_text *text, struct unsock_span span) {
    unsock_text_char(text, '"');
    for (size_t i = 0; i < span.length && i < QUOTE_MOST; i++) {
        char c = span.at[i];
        unsock_text_char(text, (unsigned char)c < 0x20 || c == 0x7f ? '?' : c);
    }
    unsock_text_put(text, span.length > QUOTE_MOST ? "...\"" : "\"");
}
