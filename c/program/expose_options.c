/* Ports, and what is to become of them. */
#include "program/answers.h"
#include "program/expose.h"

#define LOOPBACK "127.0.0.1"
#define PORT_MOST 65535
#define IDLE_SECONDS 60
#define IDLE_MOST 86400

struct unsock_expose unsock_expose;

static bool read_port_option(struct unsock_expose_options *options, const char *word, struct unsock_text *error) {
    struct unsock_span rest = unsock_span_of(word), name = unsock_span_next(&rest, '=');
    bool has_real = rest.at != name.at + name.length;
    struct unsock_port_words own;
    uint64_t real = 0;
    if (!unsock_port_words_plain(name, &own) || (has_real && !unsock_span_number(rest, 10, PORT_MOST, &real)))
        return unsock_options_refuse(
            error, "expose",
            "not a port from 1 to 65535, alone or with /udp, and =PORT of the real network, =0 for any", word);
    uint16_t port = own.ip.port;
    options->ports[options->count++] = (struct unsock_expose_port){port, has_real ? (uint16_t)real : port, own.type};
    return true;
}

static bool read_idle(const char *value, struct unsock_expose_options *options) {
    uint64_t seconds;
    bool is_one = unsock_span_number(unsock_span_of(value), 10, IDLE_MOST, &seconds) && seconds > 0;
    options->idle = is_one ? (uint32_t)seconds : 0;
    return is_one;
}

/* Refuses options that lack another, or do not go together. */
static bool check_expose_options(const struct unsock_expose_options *options, struct unsock_text *error) {
    bool has_port = options->count > 0 || options->is_all;
    if (!has_port)
        unsock_text_put(error, "expose: PORT[=PORT], --all or --http is missing");
    else if (options->is_in && options->is_all)
        unsock_text_put(error, "expose: --in: write the ports of the real network that are to be reached, alone");
    else if (options->control &&
             (options->is_in || options->is_all || options->count != 1 || options->ports[0].type != SOCK_STREAM))
        unsock_text_put(error, "expose: --control: write one TCP port of the directory, alone");
    else
        return true;
    return false;
}

/* Reads the values of --idle and --address. */
static bool read_values(const struct unsock_options *given, struct unsock_expose_options *options,
                        struct unsock_text *error) {
    const char *idle = unsock_options_value(given, "--idle");
    const char *address = unsock_options_value(given, "--address");
    if (idle && !read_idle(idle, options))
        return unsock_options_refuse(error, "expose", "--idle: not a number of seconds from 1 to 86400", idle);
    return unsock_ip_parse(unsock_span_of(address ? address : LOOPBACK), &options->address) ||
           unsock_options_refuse(error, "expose", "--address: not an IP address", address);
}

bool unsock_expose_options_take(const struct unsock_options *given, struct unsock_expose_options *options,
                                struct unsock_text *error) {
    *options = (struct unsock_expose_options){.idle = IDLE_SECONDS};
    options->directory = unsock_options_value(given, "--dir");
    options->control = unsock_options_value(given, "--control");
    options->is_in = unsock_options_value(given, "--in");
    options->is_all = unsock_options_value(given, "--all");
    options->force = unsock_options_value(given, "--force");
    options->until_eof = unsock_options_value(given, "--until-eof");
    if (!read_values(given, options, error))
        return false;
    if (given->operand_count > UNSOCK_EXPOSE_PORTS_MOST)
        return unsock_options_refuse(error, "expose", "more than 64 ports", given->operands[UNSOCK_EXPOSE_PORTS_MOST]);
    for (unsigned i = 0; i < given->operand_count; i++)
        if (!read_port_option(options, given->operands[i], error))
            return false;
    return check_expose_options(options, error);
}
