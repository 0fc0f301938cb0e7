/* By their names. */
#include "program/commands.h"

#include "program/control_options.h"
#include "program/make_control.h"
#include "program/path.h"
#include "program/prune.h"
#include "program/wait.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rules/setting_names.h"
#include "unsock.h"

static bool is(const char *name, const char *other) {
    return unsock_span_is(unsock_span_of(name), other);
}

bool unsock_command_find(const char *name, struct unsock_command *command) {
    if (is(name, "path"))
        *command = (struct unsock_command){unsock_path_options(), unsock_path_start};
    else if (is(name, "wait"))
        *command = (struct unsock_command){unsock_wait_options(), unsock_wait_start};
    else if (is(name, "prune"))
        *command = (struct unsock_command){unsock_prune_options(), unsock_prune_start};
    else if (is(name, "make-control"))
        *command = (struct unsock_command){unsock_make_control_options(), unsock_make_control_start};
    else
        return false;
    return true;
}

int unsock_command_start(const struct unsock_command *command, const char *const *words, const char *const *environment,
                         const char *library, struct unsock_text *error) {
    struct unsock_options options;
    struct unsock_command_call call = {&options, {.list = environment}, library, error};
    if (!unsock_options_read(&command->table, words, &options, error))
        return UNSOCK_COMMAND_USAGE;
    if (options.help)
        return -ENOTSUP;
    if (!unsock_setting_names_check(&call.environment, unsock_setting_name, error))
        return UNSOCK_COMMAND_USAGE;
    return command->start(&call);
}
