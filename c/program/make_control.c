/* By options, or by variables. Nothing is made before all that was asked for can be read. */
#include "process/run_directory.h"
#include "program/answers.h"
#include "program/control_write.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/settings.h"

#define COMMAND "make-control: "
#define FILE_MODE 0644
#define PATH_ROOM (UNSOCK_RUN_PATH_MOST + 32)

/* DIR/PORT.sock in `path`: without --port, PORT is the vsock port. Makes the directory. Returns the exit status. */
static int choose_port(const struct unsock_command_call *call, bool force, struct unsock_text *path) {
    const struct unsock_options *options = call->options;
    const char *port = unsock_options_value(options, "--port");
    const char *text = port ? port : unsock_options_value(options, "--vsock-port");
    struct unsock_directory_rights rights;
    struct unsock_run_directory directory;
    struct unsock_port_words words;
    if (!text)
        return unsock_command_refuse(call, COMMAND "no file: give FILE or --port");
    struct unsock_span rest = unsock_span_of(text), digits = unsock_span_next(&rest, '/');
    if (digits.length != strlen(text) || !unsock_port_words_plain(digits, &words)) {
        unsock_text_join(call->error, port ? "--port" : "--vsock-port as the file's port",
                         ": not a port between 1 and 65535: \"", text, "\"");
        return UNSOCK_COMMAND_USAGE;
    }
    if (!unsock_run_directory_choose(unsock_options_value(options, "--dir"), &call->environment, &directory,
                                     call->error))
        return UNSOCK_COMMAND_USAGE;
    if (!unsock_directory_rights_read(NULL, NULL, &rights, call->error) ||
        !unsock_directory_rights_prepare(&directory, force, &rights, NULL, call->error))
        return UNSOCK_COMMAND_FAILED;
    unsock_text_join(path, directory.path, "/");
    unsock_port_words_name(path, &words);
    return 0;
}

static int choose_place(const struct unsock_command_call *call, bool force, struct unsock_text *path) {
    const struct unsock_options *options = call->options;
    if (options->operand_count == 0)
        return choose_port(call, force, path);
    if (unsock_options_value(options, "--dir") || unsock_options_value(options, "--port"))
        return unsock_command_refuse(call, COMMAND "give either FILE or --dir and --port");
    if (options->operands[0][0] == '\0')
        return unsock_command_refuse(call, COMMAND "FILE: empty");
    unsock_text_put(path, options->operands[0]);
    return path->cut ? unsock_command_refuse(call, COMMAND "FILE: too long") : 0;
}

/* By the library's own rules: a socket that somebody is bound to stays, and then the control file cannot be made. */
static void remove_left_over(const char *path) {
    char whole[UNSOCK_RUN_PATH_MOST], seen[PATH_ROOM];
    struct unsock_text text = unsock_text_in(seen, sizeof(seen));
    struct statx status;
    if (unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) < 0 ||
        (status.stx_mode & S_IFMT) != S_IFSOCK || unsock_run_resolve(path, whole) < 0)
        return;
    size_t slash = (size_t)(unsock_base_name(unsock_span_of(whole)).at - whole);
    if (slash < 2)
        return;
    whole[slash - 1] = '\0';
    unsock_directory_held_path(&text, whole);
    unsock_text_join(&text, "/", whole + slash);
    unsock_prune(seen, 1);
}

int unsock_make_control_start(const struct unsock_command_call *call) {
    char path[UNSOCK_RUN_PATH_MOST], buffer[2 * UNSOCK_RUN_PATH_MOST];
    struct unsock_control_file file;
    struct unsock_text line = unsock_text_in(buffer, sizeof(buffer));
    struct unsock_text place = unsock_text_in(path, sizeof(path));
    bool force = unsock_options_value(call->options, "--force");
    if (!unsock_control_from_options(call->options, &file, call->error))
        return UNSOCK_COMMAND_USAGE;
    int status = choose_place(call, force, &place);
    if (status != 0)
        return status;
    if (force)
        remove_left_over(path);
    long result = unsock_control_write(path, &file, FILE_MODE, false);
    if (result < 0) {
        unsock_control_not_written(call->error, path, result, UNSOCK_CONTROL_BY_FORCE);
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_text_join(&line, path, ": ");
    unsock_control_describe(&line, &file);
    unsock_text_char(&line, '\n');
    return unsock_command_print(call, &line);
}

int unsock_make_control(const char *environment, size_t length, void *bytes, char *error, size_t size) {
    struct unsock_environment source = {.block = environment, .length = length};
    struct unsock_control_file file;
    struct unsock_text line;
    char none[1];
    unsock_text_start(&line, size > 0 ? error : none, size > 0 ? size : 1);
    if (!unsock_control_from_variables(&source, &file, &line))
        return -EINVAL;
    memcpy(bytes, &file, sizeof(file));
    return 0;
}

int unsock_make_control_program(const struct unsock_environment *environment, struct unsock_text *line) {
    struct unsock_control_file file;
    const char *path = unsock_environment_get(environment, "UNSOCK_FILE");
    if (!unsock_setting_names_check(environment, unsock_setting_name, line) ||
        !unsock_control_from_variables(environment, &file, line))
        return UNSOCK_COMMAND_FAILED;
    long result = unsock_control_write(path, &file, FILE_MODE, false);
    if (result < 0) {
        unsock_control_not_written(line, path, result, "");
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_text_join(line, "wrote ", path, ": ");
    unsock_control_describe(line, &file);
    return 0;
}
