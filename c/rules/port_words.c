/* Reads and writes ports as users write them. Pure. */
#include "rules/port_name.h"

/* Reads the port and the protocol. Stores the text of the address, if there is one, in *address. */
static bool read_all_but_address(struct unsock_span word, struct unsock_port_words *port, struct unsock_span *address) {
    uint64_t number;
    struct unsock_span place = unsock_span_next(&word, '/'), rest = place, digits = unsock_span_next(&rest, '@');
    bool has_protocol = word.at != place.at + place.length, is_udp = unsock_span_is(word, "udp");
    if (!unsock_span_number(digits, 10, UINT16_MAX, &number) || number == 0 ||
        (has_protocol && !is_udp && !unsock_span_is(word, "tcp")))
        return false;
    *address = rest;
    *port = (struct unsock_port_words){.type = is_udp ? SOCK_DGRAM : SOCK_STREAM,
                                       .has_address = rest.at != digits.at + digits.length,
                                       .ip = {.port = (uint16_t)number}};
    return true;
}

bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port) {
    struct unsock_span address;
    return read_all_but_address(word, port, &address) && !port->has_address;
}

bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error) {
    struct unsock_span address;
    if (!read_all_but_address(unsock_span_of(word), port, &address))
        return unsock_text_refuse(error, "PORT", "not a port from 1 to 65535, alone or with /tcp or /udp", word);
    uint16_t number = port->ip.port;
    if (port->has_address && !unsock_ip_parse(address, &port->ip)) {
        unsock_text_put(error, "PORT@ADDR: not an IP address: \"");
        unsock_text_span(error, address);
        return unsock_text_fail(error, "\"");
    }
    port->ip.port = number;
    return true;
}

void unsock_port_words_put(struct unsock_text *text, const struct unsock_port_words *port) {
    unsock_text_join(text, UNSOCK_DECIMAL(port->ip.port), port->has_address ? "@" : "");
    if (port->has_address)
        unsock_text_put(text, UNSOCK_IP_TEXT(&port->ip));
    unsock_text_put(text, port->type == SOCK_DGRAM ? "/udp" : "");
}

void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port) {
    unsock_text_join(text, UNSOCK_DECIMAL(port->ip.port), port->type == SOCK_DGRAM ? ".dgram.sock" : ".sock");
}
