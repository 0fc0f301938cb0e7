/* Writes control files, for `run --map` and for `UNSOCK_FILE=… libunsock.so` (unsock 1.1's form). Each is written under
 * another name in the same directory; link(2) then gives it its name, so that no reader sees a part of it. */
#include "program/run.h"

#include "files/control_file.h"
#include "kernel/log.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/errno.h"

#define PATH_MOST 4096
#define PORT "UNSOCK_VSOCK_PORT"
#define FC_SOCK "UNSOCK_FC_SOCK"
#define TYPE "UNSOCK_TIPC_TYPE"
#define UPPER "UNSOCK_TIPC_UPPER"
#define HALF_CLOSE "UNSOCK_HALF_CLOSE"

enum { TIPC_KIND_AT = 2, TIPC_LOWER_AT = 8, TIPC_UPPER_AT = 12, TIPC_RANGE = 1, DEST_SIZE = 16 /* vsock's, too */ };

static long name_control_part(const char *path, char *part) {
    struct unsock_text text = unsock_text_in(part, PATH_MOST);
    uint64_t number;
    if (unsock_getrandom(&number, sizeof(number), 0) != (long)sizeof(number))
        return -EIO;
    unsock_text_span(&text, (struct unsock_span){path, (size_t)(unsock_base_name(unsock_span_of(path)).at - path)});
    unsock_text_put(&text, UNSOCK_FILE_CONTROL_PART);
    unsock_text_number(&text, number, 16, UNSOCK_FILE_CONTROL_DIGITS);
    return text.cut ? -ENAMETOOLONG : 0;
}

static long fill_control(long fd, const struct unsock_control_file *file, unsigned mode, bool locked) {
    long result = unsock_write_quietly(fd, file, sizeof(*file));
    if (result >= 0 && result != (long)sizeof(*file))
        return -ENOSPC;
    if (result >= 0)
        result = unsock_fchmod(fd, mode);
    return result == 0 && locked ? unsock_flock(fd, LOCK_SH) : result;
}

long unsock_control_write(const char *path, const struct unsock_control_file *file, unsigned mode, bool locked) {
    char part[PATH_MOST];
    long result = name_control_part(path, part);
    long fd = result < 0 ? result : unsock_openat(AT_FDCWD, part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    result = fill_control(fd, file, mode, locked);
    if (result == 0)
        result = unsock_linkat(AT_FDCWD, part, AT_FDCWD, path, 0);
    unsock_unlinkat(AT_FDCWD, part, 0);
    return unsock_opened(fd, result);
}

static void put_what_is_there(struct unsock_text *error, const char *path, const char *if_stale) {
    struct statx status = {.stx_mode = 0};
    struct unsock_control_file file;
    struct unsock_span unix_path = {(const char *)file.dest + UNSOCK_SUN_PATH_OFFSET, sizeof(struct sockaddr_un)};
    unsock_statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status);
    unsigned type = status.stx_mode & S_IFMT;
    bool is_control = type == S_IFREG && unsock_control_file_read(path, &file) == 0;
    bool is_path = is_control && file.dest[0] == AF_UNIX && unix_path.at[0] == '/';
    unsock_text_join(error, "exists already, ",
                     type == S_IFSOCK  ? "a socket: a server has this port"
                     : type == S_IFLNK ? "a link"
                     : is_path         ? "and leads to Unix socket "
                     : is_control      ? "a control file that leads elsewhere"
                                       : "and is no control file");
    if (is_path)
        unsock_text_span(error, unsock_span_next(&unix_path, '\0'));
    unsock_text_put(error, type == S_IFSOCK ? if_stale : ": remove it first, or choose another port");
}

void unsock_control_not_written(struct unsock_text *error, const char *path, long result, const char *if_stale) {
    unsock_text_join(error, "control file ", path, ": ");
    if (result == -EEXIST)
        put_what_is_there(error, path, if_stale);
    else if (result == -ENOENT)
        unsock_text_put(error, "its directory does not exist: make it first");
    else if (result == -EACCES || result == -EPERM)
        unsock_text_put(error, "you may not write to its directory: choose another with --dir");
    else
        unsock_text_put(error, unsock_errno_words(-result));
}

/* The variables. A number has its place and size in the address of its family (vm_sockets.h, tipc.h). */
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
static bool put_variable_number(const struct unsock_environment *environment, const struct variable *variable,
                                uint8_t *dest, struct unsock_text *error) {
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

/* Writes the multiplexer's path to the control file. Resolves links, as unsock 1.1 does; a relative path must exist. */
static bool put_multiplexer(struct unsock_control_file *file, const char *path, struct unsock_text *error) {
    char real[PATH_MOST], link[64];
    struct unsock_text text = unsock_text_in(link, sizeof(link));
    struct unsock_control_file proxy;
    long fd = unsock_openat(AT_FDCWD, path, UNSOCK_O_PATH | O_CLOEXEC, 0);
    unsock_text_join(&text, "/proc/self/fd/", UNSOCK_DECIMAL(fd));
    long length = fd < 0 ? fd : unsock_readlinkat(AT_FDCWD, link, real, PATH_MOST - 1);
    unsock_close_open(fd);
    real[length > 0 ? length : 0] = '\0';
    if (length <= 0 && path[0] != '/')
        return unsock_options_refuse(error, FC_SOCK, "a relative path must exist", path);
    if (!unsock_control_to_path(&proxy, length > 0 ? real : path))
        return unsock_options_refuse(error, FC_SOCK, "longer than 108 bytes", path);
    memcpy(file->proxy, proxy.dest, sizeof(file->proxy));
    file->proxy_length = sizeof(struct sockaddr_un);
    file->options = UNSOCK_CONTROL_FIRECRACKER;
    return true;
}

bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error) {
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
    return (!path || put_multiplexer(file, path, error)) &&
           (!half_close || unsock_control_half_close_set(file, half_close) ||
            unsock_options_refuse(error, HALF_CLOSE, "neither hold nor pass", half_close));
}

int unsock_control_program(const struct unsock_environment *environment, struct unsock_text *line) {
    struct unsock_control_file file;
    const char *path = unsock_environment_get(environment, "UNSOCK_FILE"), *value;
    if (!unsock_setting_names_check(environment, unsock_setting_name, line) ||
        !unsock_control_from_variables(environment, &file, line))
        return UNSOCK_COMMAND_FAILED;
    long result = unsock_control_write(path, &file, 0644, false);
    if (result < 0) {
        unsock_control_not_written(line, path, result, "");
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_text_join(line, "wrote ", path, ":");
    for (const struct variable *one = variables; one < variables + VARIABLES; one++)
        if ((value = unsock_environment_get(environment, one->name)))
            unsock_text_join(line, " ", one->name, "=", value);
    return 0;
}
