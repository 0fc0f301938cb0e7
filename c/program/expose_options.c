/* As lib/system/options.ts reads them, options among ports. */
#include "program/expose.h"

#define LOOPBACK "127.0.0.1"
#define PORT_MOST 65535
#define IDLE_SECONDS 60
#define IDLE_MOST 86400

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
    struct unsock_span rest = unsock_span_of(word), name = unsock_span_next(&rest, '=');
    bool has_real = rest.at != name.at + name.length;
    struct unsock_span own = unsock_span_next(&name, '/');
    bool is_datagrams = unsock_span_is(name, "udp"), is_plain = name.at == own.at + own.length;
    if (options->count == UNSOCK_EXPOSE_PORTS_MOST)
        return wrong(error, "more than 64 ports", word);
    struct unsock_expose_port *port = &options->ports[options->count++];
    port->type = is_datagrams ? SOCK_DGRAM : SOCK_STREAM;
    if (!(is_plain || is_datagrams || unsock_span_is(name, "tcp")) || !read_number(own, 1, &port->port) ||
        !read_number(has_real ? rest : own, 0, &port->real))
        return wrong(error, "not a port from 1 to 65535, alone or with /udp, and =PORT of the real network, =0 for any",
                     word);
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

static bool read_idle(const char *value, struct unsock_expose_options *options) {
    uint64_t seconds;
    bool is_one = unsock_span_number(unsock_span_of(value), 10, IDLE_MOST, &seconds) && seconds > 0;
    options->idle = is_one ? (uint32_t)seconds : 0;
    return is_one;
}

/* What is missing, or does not go together. */
static bool check(const struct unsock_expose_options *options, struct unsock_text *error) {
    bool has_port = options->count > 0 || options->is_all || options->has_http;
    if (!options->help && !has_port)
        unsock_text_put(error, "expose: PORT[=PORT], --all or --http is missing");
    else if (options->is_in && (options->is_all || options->has_http))
        unsock_text_put(error, "expose: --in: write the ports of the real network that are to be reached, alone");
    else if (options->control && (options->is_in || options->is_all || options->has_http || options->count != 1 ||
                                  options->ports[0].type != SOCK_STREAM))
        unsock_text_put(error, "expose: --control: write one TCP port of the directory, alone");
    else
        return true;
    return false;
}

static bool read_option(const char *const **word, struct unsock_expose_options *options, struct unsock_text *error) {
    const char *flag = **word, *value;
    bool missing = false;
    if (is(flag, "--in"))
        options->is_in = true;
    else if (is(flag, "--all"))
        options->is_all = true;
    else if (is(flag, "--force"))
        options->force = true;
    else if (is(flag, "--help") || is(flag, "-h"))
        options->help = true;
    else if ((value = value_of(word, "--dir", &missing)))
        options->directory = value;
    else if ((value = value_of(word, "--control", &missing)))
        options->control = value;
    else if ((value = value_of(word, "--http", &missing)))
        return (options->has_http = read_number(unsock_span_of(value), 0, &options->http)) ||
               wrong(error, "--http: not a port from 1 to 65535, or 0 for any", value);
    else if ((value = value_of(word, "--idle", &missing)))
        return read_idle(value, options) || wrong(error, "--idle: not a number of seconds from 1 to 86400", value);
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
    *options = (struct unsock_expose_options){.idle = IDLE_SECONDS};
    unsock_ip_parse(unsock_span_of(LOOPBACK), &options->address);
    for (; *words; words++) {
        bool is_option = !only_ports && (*words)[0] == '-';
        if (is_option && is(*words, "--"))
            only_ports = true;
        else if (!(is_option ? read_option(&words, options, error) : read_port(options, *words, error)))
            return false;
    }
    return check(options, error);
}
