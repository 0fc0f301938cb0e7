/* As lib/system/options.ts reads them, options among ports. */
#include "program/expose_options.h"

#include "rt/mem.h"

#define LOOPBACK "127.0.0.1"
#define PORT_MOST 65535

static bool wrong(struct unsock_text *error, const char *why, const char *word) {
    unsock_text_join(error, "expose: ", why, ": \"", word, "\"");
    return false;
}

static bool read_number(struct unsock_span word, uint64_t least, uint16_t *number) {
    uint64_t value;
    if (!unsock_span_number(word, 10, PORT_MOST, &value) || value < least)
        return false;
    *number = (uint16_t)value;
    return true;
}

static bool read_port(struct unsock_expose_options *options, const char *word, struct unsock_text *error) {
    struct unsock_span rest = unsock_span_of(word), own = unsock_span_next(&rest, '=');
    bool has_real = rest.at != own.at + own.length;
    if (options->count == UNSOCK_EXPOSE_PORTS_MOST)
        return wrong(error, "more than 64 ports", word);
    struct unsock_expose_port *port = &options->ports[options->count++];
    if (!read_number(own, 1, &port->port) || !read_number(has_real ? rest : own, 0, &port->real))
        return wrong(error, "not a port from 1 to 65535, alone or with =PORT of the real network, =0 for any", word);
    return true;
}

/* The value behind "--FLAG=", or the next word; NULL: it is another option. */
static const char *value_of(const char *const **word, const char *flag, bool *missing) {
    size_t length = strlen(flag);
    if (!unsock_begins(**word, flag))
        return NULL;
    if ((**word)[length] == '=')
        return **word + length + 1;
    if ((**word)[length] != '\0')
        return NULL;
    *missing = !(*word)[1];
    return *missing ? "" : *++*word;
}

static bool is(const char *word, const char *other) {
    return unsock_span_is(unsock_span_of(word), other);
}

static bool read_option(const char *const **word, struct unsock_expose_options *options, struct unsock_text *error) {
    const char *flag = **word, *value;
    bool missing = false;
    if (is(flag, "--in"))
        options->is_in = true;
    else if (is(flag, "--force"))
        options->force = true;
    else if (is(flag, "--help") || is(flag, "-h"))
        options->help = true;
    else if ((value = value_of(word, "--dir", &missing)))
        options->directory = value;
    else if ((value = value_of(word, "--address", &missing)))
        return unsock_ip_parse(unsock_span_of(value), &options->address) ||
               wrong(error, "--address: not an IP address", value);
    else
        return wrong(error, "unknown option", flag);
    return !missing || wrong(error, "empty", flag);
}

bool unsock_expose_options_read(const char *const *words, struct unsock_expose_options *options,
                                struct unsock_text *error) {
    bool only_ports = false;
    *options = (struct unsock_expose_options){.count = 0};
    unsock_ip_parse(unsock_span_of(LOOPBACK), &options->address);
    for (; *words; words++) {
        bool is_option = !only_ports && (*words)[0] == '-';
        if (is_option && is(*words, "--"))
            only_ports = true;
        else if (!(is_option ? read_option(&words, options, error) : read_port(options, *words, error)))
            return false;
    }
    if (options->count == 0 && !options->help) {
        unsock_text_put(error, "expose: PORT[=PORT] is missing");
        return false;
    }
    return true;
}
