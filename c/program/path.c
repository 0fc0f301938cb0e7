/* The command `path`: the path of PORT depends on its number alone; for PORT@ADDR the port's sockets are searched. */
#include "program/options.h"

#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"
#include "rules/errno.h"

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
