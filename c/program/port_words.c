/* Nobody but a user writes them so. */
#include "program/answers.h"

#define PORT_MOST 65535

static bool read_port_number(struct unsock_span digits, struct unsock_port_words *port) {
    uint64_t number;
    if (!unsock_span_number(digits, 10, PORT_MOST, &number) || number == 0)
        return false;
    *port = (struct unsock_port_words){.type = SOCK_STREAM, .ip = {.port = (uint16_t)number}};
    return true;
}

static bool read_protocol(struct unsock_span word, struct unsock_port_words *port) {
    if (unsock_span_is(word, "udp"))
        port->type = SOCK_DGRAM;
    return unsock_span_is(word, "udp") || unsock_span_is(word, "tcp");
}

bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port) {
    struct unsock_span digits = unsock_span_next(&word, '/');
    bool has_protocol = word.at != digits.at + digits.length;
    return read_port_number(digits, port) && (!has_protocol || read_protocol(word, port));
}

static bool fail_port_word(struct unsock_text *error, const char *why, struct unsock_span word) {
    unsock_text_join(error, why, ": \"");
    unsock_text_span(error, word);
    unsock_text_char(error, '"');
    return false;
}

bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error) {
    static const char no_port[] = "PORT: not a port from 1 to 65535, alone or with /tcp or /udp";
    struct unsock_span whole = unsock_span_of(word), rest = whole, digits = unsock_span_next(&rest, '@');
    if (rest.at == digits.at + digits.length)
        return unsock_port_words_plain(whole, port) || fail_port_word(error, no_port, whole);
    struct unsock_span address = unsock_span_next(&rest, '/');
    bool has_protocol = rest.at != address.at + address.length;
    if (!read_port_number(digits, port) || (has_protocol && !read_protocol(rest, port)))
        return fail_port_word(error, no_port, whole);
    uint16_t number = port->ip.port;
    if (!unsock_ip_parse(address, &port->ip))
        return fail_port_word(error, "PORT@ADDR: not an IP address", address);
    port->ip.port = number;
    port->has_address = true;
    return true;
}

void unsock_port_words_put(struct unsock_text *text, const struct unsock_port_words *port) {
    unsock_text_number(text, port->ip.port, 10, 1);
    if (port->has_address) {
        unsock_text_char(text, '@');
        unsock_address_text_show(text, &port->ip);
    }
    unsock_text_put(text, port->type == SOCK_DGRAM ? "/udp" : "");
}

void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port) {
    unsock_text_join(text, UNSOCK_DECIMAL(port->ip.port), port->type == SOCK_DGRAM ? ".dgram.sock" : ".sock");
}
