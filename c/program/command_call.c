/* What commands have in common. */
#include "program/options.h"

int unsock_command_print(const struct unsock_command_call *call, const struct unsock_text *text) {
    long result = unsock_output(text->buffer, text->length);
    return unsock_output_status(result, 0, UNSOCK_COMMAND_FAILED, call->error);
}

int unsock_command_refuse(const struct unsock_command_call *call, const char *why) {
    unsock_text_put(call->error, why);
    return UNSOCK_COMMAND_USAGE;
}
