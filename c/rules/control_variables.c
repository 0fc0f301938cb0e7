/* Makes the control file that variables describe, as unsock 1.1 does. */
#include "rules/control.h"

#include "rt/base.h"

#define PORT "UNSOCK_VSOCK_PORT"
#define FC_SOCK UNSOCK_CONTROL_MULTIPLEXER
#define TYPE "UNSOCK_TIPC_TYPE"
#define UPPER "UNSOCK_TIPC_UPPER"
#define HALF_CLOSE "UNSOCK_HALF_CLOSE"

enum { TIPC_KIND_AT = 2, TIPC_LOWER_AT = 8, TIPC_UPPER_AT = 12, TIPC_RANGE = 1, DEST_SIZE = 16 /* in both families */ };

/* The variables. If a variable is a number, `at` and `size` are its place in an address of `family` (vm_sockets.h,
 * tipc.h), and `otherwise` is its default. Family 0: the variable is no number. */
static const struct variable {
    char name[24];
    uint8_t family, at, size;
    bool is_needed;
    uint32_t least, most, otherwise;
} variables[] = {
    {PORT, UNSOCK_AF_VSOCK, 4, 4, true, 1, UINT32_MAX - 1, 0},
    {"UNSOCK_VSOCK_CID", UNSOCK_AF_VSOCK, 8, 4, false, 0, UINT32_MAX, UINT32_MAX},
    {FC_SOCK, 0, 0, 0, false, 0, 0, 0},
    {TYPE, UNSOCK_AF_TIPC, 4, 4, true, 0, UINT32_MAX, 0},
    {"UNSOCK_TIPC_LOWER", UNSOCK_AF_TIPC, TIPC_LOWER_AT, 4, true, 0, UINT32_MAX, 0},
    {UPPER, UNSOCK_AF_TIPC, TIPC_UPPER_AT, 4, false, 0, UINT32_MAX, 0},
    {"UNSOCK_TIPC_SCOPE", UNSOCK_AF_TIPC, 3, 1, false, 0, 3, 2},
    {"UNSOCK_TIPC_ADDRTYPE", UNSOCK_AF_TIPC, TIPC_KIND_AT, 1, false, 1, 3, 2},
    {HALF_CLOSE, 0, 0, 0, false, 0, 0, 0},
};
#define VARIABLES (sizeof(variables) / sizeof(variables[0]))

/* Writes the variable's number, or its default, to the address. Returns false with one line in `error`. */
static bool put_variable_number(const char *const *environment, const struct variable *variable, uint8_t *dest,
                                struct unsock_text *error) {
    const char *name = variable->name, *value = unsock_environment_get(environment, name);
    uint64_t number = variable->otherwise;
    bool is_any = value && variable->otherwise == UINT32_MAX && unsock_span_is(unsock_span_of(value), "-1");
    if (!value && variable->is_needed)
        return unsock_text_fail(error, name, " is missing");
    if (value && !is_any &&
        (!unsock_span_number(unsock_span_of(value), 10, variable->most, &number) || number < variable->least))
        return unsock_text_fail(error, name, ": not a number between ", UNSOCK_DECIMAL(variable->least), " and ",
                                UNSOCK_DECIMAL(variable->most), ": \"", value, "\"");
    memcpy(dest + variable->at, &number, variable->size);
    return true;
}

/* Writes the multiplexer's path to the control file: `real`, or `path` if `real` is NULL because no file is there. */
static bool put_multiplexer(struct unsock_control_file *file, const char *path, const char *real,
                            struct unsock_text *error) {
    struct unsock_control_file proxy;
    if (!real && path[0] != '/')
        return unsock_text_refuse(error, FC_SOCK, "a relative path must exist", path);
    if (!unsock_control_to_path(&proxy, real ? real : path))
        return unsock_text_refuse(error, FC_SOCK, "longer than 108 bytes", path);
    memcpy(file->proxy, proxy.dest, sizeof(file->proxy));
    file->proxy_length = sizeof(struct sockaddr_un);
    file->options = UNSOCK_CONTROL_FIRECRACKER;
    return true;
}

static uint32_t number_at(const struct unsock_control_file *file, unsigned at) {
    uint32_t number;
    memcpy(&number, file->dest + at, sizeof(number));
    return number;
}

bool unsock_control_from_variables(const char *const *environment, const char *multiplexer,
                                   struct unsock_control_file *file, struct unsock_text *error) {
    bool is_vsock = unsock_environment_get(environment, PORT), is_tipc = unsock_environment_get(environment, TYPE);
    uint16_t family = is_vsock ? UNSOCK_AF_VSOCK : UNSOCK_AF_TIPC;
    const char *path = is_vsock ? unsock_environment_get(environment, FC_SOCK) : NULL;
    const char *half_close = unsock_environment_get(environment, HALF_CLOSE);
    *file = (struct unsock_control_file){.magic = UNSOCK_CONTROL_MAGIC, .dest_length = DEST_SIZE};
    memcpy(file->dest, &family, sizeof(family));
    if (is_vsock == is_tipc)
        return unsock_text_fail(error, is_tipc ? TYPE " and " PORT " exclude each other"
                                               : "UNSOCK_FILE: set " PORT ", or " TYPE " and UNSOCK_TIPC_LOWER, too");
    for (size_t i = 0; i < VARIABLES; i++) {
        if (variables[i].family == family && !put_variable_number(environment, &variables[i], file->dest, error))
            return false;
    }
    /* Without UNSOCK_TIPC_UPPER, a range has one number. */
    if (is_tipc && file->dest[TIPC_KIND_AT] == TIPC_RANGE && !unsock_environment_get(environment, UPPER))
        memcpy(file->dest + TIPC_UPPER_AT, file->dest + TIPC_LOWER_AT, TIPC_UPPER_AT - TIPC_LOWER_AT);
    if (is_tipc && file->dest[TIPC_KIND_AT] == TIPC_RANGE &&
        number_at(file, TIPC_UPPER_AT) < number_at(file, TIPC_LOWER_AT))
        return unsock_text_refuse(error, UPPER, "below UNSOCK_TIPC_LOWER", unsock_environment_get(environment, UPPER));
    return (!path || put_multiplexer(file, path, multiplexer, error)) &&
           (!half_close || unsock_control_half_close_set(file, half_close) ||
            unsock_text_refuse(error, HALF_CLOSE, "neither hold nor pass", half_close));
}

void unsock_control_put_variables(struct unsock_text *text, const char *const *environment) {
    const char *value;
    for (size_t i = 0; i < VARIABLES; i++)
        if ((value = unsock_environment_get(environment, variables[i].name)))
            unsock_text_join(text, " ", variables[i].name, "=", value);
}
