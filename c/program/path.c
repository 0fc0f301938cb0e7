/* Only what an address's clients find has to be looked for. */
#include "program/options.h"

#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"

static int print_library(const struct unsock_command_call *call) {
    char path[UNSOCK_RUN_PATH_MOST], buffer[UNSOCK_RUN_PATH_MOST + 1];
    struct unsock_text line = unsock_text_in(buffer, sizeof(buffer));
    if (call->options->operand_count > 0 || unsock_options_value(call->options, "--dir"))
        return unsock_command_refuse(call, "path: --lib stands alone");
    if (!unsock_proof_choose(NULL, call->library, &call->environment, path, call->error))
        return UNSOCK_COMMAND_FAILED;
    unsock_text_join(&line, path, "\n");
    return unsock_command_print(call, &line);
}

/* Of the file in the directory that clients of the address are led to. */
static int put_clients_path(const struct unsock_command_call *call, const char *directory,
                            const struct unsock_port_words *port, struct unsock_text *line) {
    union unsock_sockaddr address;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    socklen_t length = unsock_ip_write(&port->ip, port->ip.family, &address);
    int result = unsock_path_of(directory, &address, length, port->type, path, sizeof(path));
    if (result >= 0) {
        unsock_text_put(line, path);
        return 0;
    }
    unsock_text_join(call->error, "path: ", directory, ": errno ");
    unsock_text_number(call->error, (uint64_t)-result, 10, 1);
    return UNSOCK_COMMAND_FAILED;
}

int unsock_path_start(const struct unsock_command_call *call) {
    const struct unsock_options *options = call->options;
    struct unsock_run_directory directory;
    struct unsock_port_words port;
    char buffer[UNSOCK_RUN_PATH_MOST + 64];
    struct unsock_text line = unsock_text_in(buffer, sizeof(buffer));
    if (unsock_options_value(options, "--lib"))
        return print_library(call);
    if (options->operand_count == 0)
        return unsock_command_refuse(call, "path: PORT[@ADDR][/udp] is missing");
    if (!unsock_run_directory_choose(unsock_options_value(options, "--dir"), &call->environment, &directory,
                                     call->error) ||
        !unsock_port_words_read(options->operands[0], &port, call->error))
        return UNSOCK_COMMAND_USAGE;
    if (port.has_address) {
        int status = put_clients_path(call, directory.path, &port, &line);
        if (status != 0)
            return status;
    } else {
        unsock_text_join(&line, directory.path, "/");
        unsock_port_words_name(&line, &port);
    }
    unsock_text_char(&line, '\n');
    return unsock_command_print(call, &line);
}
