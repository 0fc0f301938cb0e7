/* Reads and writes ports in the users' form, and has the command `path`. The path of PORT depends on its number alone;
 * for PORT@ADDR the port's sockets are searched. */
#include "program/options.h"

#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"
#include "rules/errno.h"

#define PORT_MOST 65535

static bool read_plain_port(struct unsock_span digits, bool has_protocol, struct unsock_span protocol,
                            struct unsock_port_words *port) {
    uint64_t number;
    bool is_udp = has_protocol && unsock_span_is(protocol, "udp");
    if (!unsock_span_number(digits, 10, PORT_MOST, &number) || number == 0 ||
        (has_protocol && !is_udp && !unsock_span_is(protocol, "tcp")))
        return false;
    *port = (struct unsock_port_words){.type = is_udp ? SOCK_DGRAM : SOCK_STREAM, .ip = {.port = (uint16_t)number}};
    return true;
}

bool unsock_port_words_plain(struct unsock_span word, struct unsock_port_words *port) {
    struct unsock_span digits = unsock_span_next(&word, '/');
    return read_plain_port(digits, word.at != digits.at + digits.length, word, port);
}

bool unsock_port_words_read(const char *word, struct unsock_port_words *port, struct unsock_text *error) {
    struct unsock_span rest = unsock_span_of(word), digits = unsock_span_next(&rest, '@');
    bool has_address = rest.at != digits.at + digits.length;
    struct unsock_span address = unsock_span_next(&rest, '/');
    bool good = has_address ? read_plain_port(digits, rest.at != address.at + address.length, rest, port)
                            : unsock_port_words_plain(digits, port);
    if (!good)
        return unsock_options_refuse(error, "PORT", "not a port from 1 to 65535, alone or with /tcp or /udp", word);
    uint16_t number = port->ip.port;
    port->has_address = has_address;
    if (has_address && !unsock_ip_parse(address, &port->ip)) {
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
        unsock_address_text_show(text, &port->ip);
    unsock_text_put(text, port->type == SOCK_DGRAM ? "/udp" : "");
}

void unsock_port_words_name(struct unsock_text *text, const struct unsock_port_words *port) {
    unsock_text_join(text, UNSOCK_DECIMAL(port->ip.port), port->type == SOCK_DGRAM ? ".dgram.sock" : ".sock");
}

static int print_library_path(const struct unsock_command_call *call) {
    char path[UNSOCK_RUN_PATH_MOST];
    if (call->options->operand_count > 0 || unsock_options_value(call->options, "--dir"))
        return unsock_text_put(call->error, "path: --lib stands alone"), UNSOCK_COMMAND_USAGE;
    if (!unsock_proof_choose(NULL, call->library, &call->environment, path, call->error))
        return UNSOCK_COMMAND_FAILED;
    unsock_print(path, "\n");
    return 0;
}

static int print_path(const struct unsock_command_call *call) {
    const struct unsock_options *options = call->options;
    UNSOCK_TEXT(name, 32);
    struct unsock_run_directory directory;
    struct unsock_port_words port = {0};
    struct unsock_answers answers;
    if (options->operand_count == 0)
        return unsock_text_put(call->error, "path: PORT[@ADDR][/udp] is missing"), UNSOCK_COMMAND_USAGE;
    if (!unsock_run_directory_choose(unsock_options_value(options, "--dir"), &call->environment, &directory,
                                     call->error) ||
        !unsock_port_words_read(options->operands[0], &port, call->error))
        return UNSOCK_COMMAND_USAGE;
    long result = port.has_address ? unsock_answers_at(directory.path, &port, -1, &answers) : 0;
    if (result < 0 && answers.path.sun_path[0] == '\0') {
        unsock_text_join(call->error, "path: ", directory.path, ": ", unsock_errno_words(-result));
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_port_words_name(&name, &port);
    if (port.has_address)
        unsock_print(answers.path.sun_path, "\n");
    else
        unsock_print(directory.path, "/", name.buffer, "\n");
    return 0;
}

int unsock_path_start(const struct unsock_command_call *call) {
    int status = unsock_options_value(call->options, "--lib") ? print_library_path(call) : print_path(call);
    return status != 0 ? status : unsock_print_end(0, UNSOCK_COMMAND_FAILED, call->error);
}
