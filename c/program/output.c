/* Writes to standard output. A failed write is remembered, so that the exit status tells that the output is cut. */
#include "program/options.h"

#include "rt/system_calls.h"
#include "rules/errno.h"
#include "rules/words.h"

#define EXIT_UNREAD 1

long unsock_output(const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        long count = unsock_write(1, bytes + done, size - done);
        if (count < 0 && count != -EINTR)
            return count;
        done += count > 0 ? (size_t)count : 0;
    }
    return 0;
}

static void flush(struct unsock_printer *printer) {
    if (printer->result == 0)
        printer->result = unsock_output(printer->buffer, printer->used);
    printer->used = 0;
}

void unsock_printer_char(struct unsock_printer *printer, char c) {
    if (printer->used == sizeof(printer->buffer))
        flush(printer);
    printer->buffer[printer->used++] = c;
}

void unsock_printer_put(struct unsock_printer *printer, const char *text) {
    for (; *text != '\0'; text++)
        unsock_printer_char(printer, *text);
}

long unsock_printer_end(struct unsock_printer *printer) {
    flush(printer);
    return printer->result;
}

int unsock_output_status(long result, int status, int failed, struct unsock_text *error) {
    if (result == 0)
        return status;
    if (result == -EPIPE)
        return EXIT_UNREAD;
    unsock_text_join(error, "standard output: ", unsock_errno_words(-result));
    return failed;
}

static void put_character(struct unsock_printer *printer, const char *text, unsigned length) {
    static const char digits[] = "0123456789abcdef", letters[] = "btn.fr";
    unsigned char c = (unsigned char)text[0];
    if (c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11))
        unsock_printer_char(printer, '\\');
    if (c >= 8 && c <= 13 && c != 11) {
        unsock_printer_char(printer, letters[c - 8]);
    } else if (c < 0x20) {
        unsock_printer_put(printer, "\\u00");
        unsock_printer_char(printer, digits[c >> 4]);
        unsock_printer_char(printer, digits[c & 15]);
    } else {
        for (unsigned i = 0; i < length; i++)
            unsock_printer_char(printer, text[i]);
    }
}

void unsock_printer_json(struct unsock_printer *printer, const char *const *parts) {
    unsock_printer_char(printer, '"');
    for (; *parts; parts++) {
        for (const char *c = *parts; *c != '\0';) {
            unsigned length = unsock_utf8_next(c);
            if (length == 0)
                unsock_printer_put(printer, "\xef\xbf\xbd");
            else
                put_character(printer, c, length);
            c += length == 0 ? 1 : length;
        }
    }
    unsock_printer_char(printer, '"');
}

/* The comma and the name in front of a member. `name` NULL: an element of a list. */
static void begin_member(struct unsock_json *json, const char *name) {
    if (json->follows)
        unsock_printer_char(&json->printer, ',');
    json->follows = true;
    if (!name)
        return;
    unsock_printer_json(&json->printer, (const char *const[]){name, NULL});
    unsock_printer_char(&json->printer, ':');
}

void unsock_json_open(struct unsock_json *json, const char *name, char bracket) {
    begin_member(json, name);
    unsock_printer_char(&json->printer, bracket);
    json->follows = false;
}

void unsock_json_close(struct unsock_json *json, char bracket) {
    unsock_printer_char(&json->printer, bracket);
    json->follows = true;
}

void unsock_json_text(struct unsock_json *json, const char *name, const char *text) {
    begin_member(json, name);
    if (text)
        unsock_printer_json(&json->printer, (const char *const[]){text, NULL});
    else
        unsock_printer_put(&json->printer, "null");
}

void unsock_json_number(struct unsock_json *json, const char *name, uint64_t number) {
    UNSOCK_TEXT(digits, 24);
    unsock_text_number(&digits, number, 10, 1);
    begin_member(json, name);
    unsock_printer_put(&json->printer, digits.buffer);
}

void unsock_json_bool(struct unsock_json *json, const char *name, bool value) {
    begin_member(json, name);
    unsock_printer_put(&json->printer, value ? "true" : "false");
}
