/* As JSON.stringify writes them. */
#include "program/json_text.h"

#include "rules/utf8.h"

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

void unsock_json_string(struct unsock_printer *printer, const char *const *parts) {
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
