/* By options, or by variables. Nothing is made before all that was asked for can be read. */
#include "process/run_directory.h"
#include "program/answers.h"
#include "program/control_write.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/settings.h"

#include <linux/tipc.h>
#include <linux/vm_sockets.h>

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

struct maker {
    const struct unsock_environment *environment;
    struct unsock_text *error;
};

static bool wrong(struct maker *maker, const char *name, const char *why, const char *value) {
    unsock_text_put(maker->error, name);
    unsock_text_put(maker->error, ": ");
    unsock_text_put(maker->error, why);
    unsock_text_put(maker->error, value ? ": " : "");
    if (value)
        unsock_text_quote(maker->error, unsock_span_of(value));
    return false;
}

static const char *get(struct maker *maker, const char *name) {
    return unsock_environment_get(maker->environment, name);
}

/* A decimal number from 0 to `most`. `missing`: the value of an unset variable; UINT64_MAX: it must be set. */
static bool number(struct maker *maker, const char *name, uint64_t most, uint64_t missing, uint64_t *value) {
    const char *text = get(maker, name);
    *value = missing;
    if (!text)
        return missing != UINT64_MAX || wrong(maker, name, "is not set", NULL);
    return unsock_span_number(unsock_span_of(text), 10, most, value) ||
           wrong(maker, name, "must be a number in range", text);
}

/* -1 is any (VMADDR_CID_ANY), as unsock 1.1 took it. */
static bool read_cid(struct maker *maker, uint32_t *cid) {
    const char *text = get(maker, "UNSOCK_VSOCK_CID");
    uint64_t value = VMADDR_CID_ANY;
    bool any = !text || unsock_span_is(unsock_span_of(text), "-1") || unsock_span_is(unsock_span_of(text), "any");
    if (!any && !number(maker, "UNSOCK_VSOCK_CID", UINT32_MAX, 0, &value))
        return false;
    *cid = (uint32_t)value;
    return true;
}

static bool read_vsock(struct maker *maker, struct unsock_control_file *file) {
    struct sockaddr_vm dest = {.svm_family = UNSOCK_AF_VSOCK};
    uint64_t port;
    uint32_t cid;
    if (!number(maker, "UNSOCK_VSOCK_PORT", UINT32_MAX, UINT64_MAX, &port) || !read_cid(maker, &cid))
        return false;
    dest.svm_port = (uint32_t)port;
    dest.svm_cid = cid;
    memcpy(file->dest, &dest, sizeof(dest));
    file->dest_length = sizeof(dest);
    return true;
}

static bool read_proxy(struct maker *maker, const char *proxy, struct unsock_control_file *file) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(proxy) >= sizeof(address.sun_path))
        return wrong(maker, "UNSOCK_FC_SOCK", "must be a path of at most 107 bytes", proxy);
    memcpy(address.sun_path, proxy, strlen(proxy));
    memcpy(file->proxy, &address, sizeof(address));
    file->proxy_length = sizeof(address);
    file->options = UNSOCK_CONTROL_FIRECRACKER;
    return read_vsock(maker, file);
}

static bool read_tipc(struct maker *maker, struct unsock_control_file *file) {
    uint64_t kind, scope, type, lower, upper;
    if (!number(maker, "UNSOCK_TIPC_ADDRTYPE", 3, TIPC_SERVICE_ADDR, &kind) ||
        !number(maker, "UNSOCK_TIPC_SCOPE", 3, TIPC_CLUSTER_SCOPE, &scope) ||
        !number(maker, "UNSOCK_TIPC_TYPE", UINT32_MAX, UINT64_MAX, &type) ||
        !number(maker, "UNSOCK_TIPC_LOWER", UINT32_MAX, UINT64_MAX, &lower) ||
        !number(maker, "UNSOCK_TIPC_UPPER", UINT32_MAX, 0, &upper))
        return false;
    if (kind == 0)
        return wrong(maker, "UNSOCK_TIPC_ADDRTYPE", "must be 1 (range), 2 (service) or 3 (node)", "0");
    /* The three numbers lie alike in a service range, a service and its domain, and a node address. */
    struct sockaddr_tipc dest = {
        .family = UNSOCK_AF_TIPC, .addrtype = (unsigned char)kind, .scope = (signed char)scope};
    dest.addr.nameseq.type = (uint32_t)type;
    dest.addr.nameseq.lower = (uint32_t)lower;
    dest.addr.nameseq.upper = (uint32_t)upper;
    memcpy(file->dest, &dest, sizeof(dest));
    file->dest_length = sizeof(dest);
    return true;
}

static bool read_half_close(struct maker *maker, struct unsock_control_file *file) {
    const char *text = get(maker, "UNSOCK_HALF_CLOSE");
    return !text || unsock_control_half_close_set(file, text) ||
           wrong(maker, "UNSOCK_HALF_CLOSE", "must be hold or pass", text);
}

static bool any_tipc(struct maker *maker) {
    return get(maker, "UNSOCK_TIPC_ADDRTYPE") || get(maker, "UNSOCK_TIPC_SCOPE") || get(maker, "UNSOCK_TIPC_TYPE") ||
           get(maker, "UNSOCK_TIPC_LOWER") || get(maker, "UNSOCK_TIPC_UPPER");
}

/*
 * The control file that the variables describe. `proxy` is UNSOCK_FC_SOCK made absolute, or NULL. Returns false with
 * one line in `error`. No system call.
 */
static bool read_file(const struct unsock_environment *environment, const char *proxy, struct unsock_control_file *file,
                      struct unsock_text *error) {
    struct maker maker = {environment, error};
    bool vsock = proxy || get(&maker, "UNSOCK_VSOCK_PORT") || get(&maker, "UNSOCK_VSOCK_CID");
    memset(file, 0, sizeof(*file));
    file->magic = UNSOCK_CONTROL_MAGIC;
    if (vsock && any_tipc(&maker))
        return wrong(&maker, "UNSOCK_FILE", "UNSOCK_VSOCK_* and UNSOCK_TIPC_* exclude each other", NULL);
    if (!read_half_close(&maker, file))
        return false;
    if (proxy)
        return read_proxy(&maker, proxy, file);
    if (vsock)
        return read_vsock(&maker, file);
    if (any_tipc(&maker))
        return read_tipc(&maker, file);
    return wrong(&maker, "UNSOCK_FILE", "set UNSOCK_VSOCK_PORT, or UNSOCK_TIPC_TYPE and UNSOCK_TIPC_LOWER, too", NULL);
}

int unsock_make_control(const char *environment, size_t length, void *bytes, char *error, size_t size) {
    struct unsock_environment source = {.block = environment, .length = length};
    struct unsock_control_file file;
    struct unsock_text line;
    char none[1];
    unsock_text_start(&line, size > 0 ? error : none, size > 0 ? size : 1);
    if (!read_file(&source, unsock_environment_get(&source, "UNSOCK_FC_SOCK"), &file, &line))
        return -EINVAL;
    memcpy(bytes, &file, sizeof(file));
    return 0;
}

/* A relative path is resolved, and so must exist. */
static bool absolute_proxy(struct maker *maker, const char *given, char *path) {
    if (given[0] != '/')
        return unsock_control_real_path(given, path) ||
               wrong(maker, "UNSOCK_FC_SOCK", "a relative path must exist", given);
    struct unsock_text text = unsock_text_in(path, UNSOCK_RUN_PATH_MOST);
    unsock_text_put(&text, given);
    return !text.cut || wrong(maker, "UNSOCK_FC_SOCK", "is too long", given);
}

int unsock_make_control_program(const struct unsock_environment *environment) {
    char buffer[UNSOCK_RUN_PATH_MOST + 512], proxy[UNSOCK_RUN_PATH_MOST];
    struct unsock_control_file file;
    struct unsock_text line;
    struct maker maker = {environment, &line};
    const char *path = unsock_environment_get(environment, "UNSOCK_FILE");
    const char *given = unsock_environment_get(environment, "UNSOCK_FC_SOCK");
    unsock_text_start(&line, buffer, sizeof(buffer) - 1);
    unsock_text_put(&line, "unsock: ");
    bool good = unsock_setting_names_check(environment, unsock_setting_name, &line) &&
                (!given || absolute_proxy(&maker, given, proxy)) &&
                read_file(environment, given ? proxy : NULL, &file, &line);
    long result = good ? unsock_control_write(path, &file, FILE_MODE, false) : -EINVAL;
    if (good && result < 0)
        unsock_control_not_written(&line, path, result, "");
    if (result >= 0) {
        unsock_text_join(&line, "wrote ", path, ": ");
        unsock_control_describe(&line, &file);
    }
    unsock_text_char(&line, '\n');
    unsock_write(2, line.buffer, line.length);
    return result >= 0 ? 0 : 1;
}
