/* Those that say where to come in groups that exclude each other. */
#include "program/control_write.h"

#include "process/run_directory.h"
#include "program/answers.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/words.h"

#include <linux/tipc.h>
#include <linux/vm_sockets.h>

#define VSOCK_PORT_MOST (UINT32_MAX - 1) /* VMADDR_PORT_ANY and 0 are no ports to connect to */
#define COMMAND "make-control: "

static const struct unsock_option list[] = {
    {"--dir", "directory", "", UNSOCK_OPTION_OTHER, ""},
    {"--port", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--force", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--vsock-port", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--vsock-cid", "cid", "", UNSOCK_OPTION_OTHER, ""},
    {"--fc-sock", "path", "", UNSOCK_OPTION_OTHER, ""},
    {"--fc-listen", "path", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-type", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-instance", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-lower", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-upper", "n", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-scope", "scope", "", UNSOCK_OPTION_OTHER, ""},
    {"--tipc-addrtype", "type", "", UNSOCK_OPTION_OTHER, ""},
    {"--unix", "path", "", UNSOCK_OPTION_OTHER, ""},
    {"--inet", "host:port", "", UNSOCK_OPTION_OTHER, ""},
    {"--refuse", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--half-close", "how", "", UNSOCK_OPTION_OTHER, ""},
    {"--sockopt", "name=value", "", UNSOCK_OPTION_EACH, ""},
};

struct unsock_option_table unsock_make_control_options(void) {
    return (struct unsock_option_table){.command = "make-control",
                                        .operand = "FILE",
                                        .options = list,
                                        .count = sizeof(list) / sizeof(list[0]),
                                        .operands_most = 1,
                                        .each_most = UNSOCK_CONTROL_SOCKOPTS};
}

/* In the order in which they are complained about. */
static const struct target {
    char flag[16];
    uint8_t group;
} targets[] = {
    {"--tipc-type", 0},     {"--tipc-instance", 0}, {"--tipc-lower", 0}, {"--tipc-upper", 0}, {"--tipc-scope", 0},
    {"--tipc-addrtype", 0}, {"--vsock-port", 1},    {"--vsock-cid", 1},  {"--fc-sock", 1},    {"--fc-listen", 1},
    {"--unix", 2},          {"--inet", 3},          {"--refuse", 4},
};

struct making {
    const struct unsock_options *options;
    struct unsock_control_file *file;
    struct unsock_text *error;
    bool by_variables; /* as unsock 1.1 had them */
};

static const char *get(const struct making *making, const char *flag) {
    return unsock_options_value(making->options, flag);
}

/* UNSOCK_VSOCK_PORT is --vsock-port. */
static void put_variable(struct unsock_text *text, const char *flag) {
    unsock_text_put(text, "UNSOCK_");
    for (flag += sizeof("--") - 1; *flag != '\0'; flag++)
        unsock_text_char(text, *flag == '-' ? '_' : unsock_upper(*flag));
}

static void put_name(const struct making *making, const char *flag) {
    if (making->by_variables && unsock_begins(flag, "--"))
        put_variable(making->error, flag);
    else
        unsock_text_put(making->error, flag);
}

static bool wrong(const struct making *making, const char *what, const char *why, const char *value) {
    put_name(making, what);
    unsock_text_join(making->error, why, value ? ": \"" : "", value ? value : "", value ? "\"" : "");
    return false;
}

static bool read_number(const struct making *making, const char *flag, const char *text, uint64_t least, uint64_t most,
                        uint32_t *value) {
    uint64_t number;
    if (!text) {
        unsock_text_put(making->error, COMMAND);
        return wrong(making, flag, " is missing", NULL);
    }
    if (unsock_span_number(unsock_span_of(text), 10, most, &number) && number >= least) {
        *value = (uint32_t)number;
        return true;
    }
    put_name(making, flag);
    unsock_text_put(making->error, ": not a number between ");
    unsock_text_number(making->error, least, 10, 1);
    unsock_text_put(making->error, " and ");
    unsock_text_number(making->error, most, 10, 1);
    return wrong(making, "", "", text);
}

/* A word with a meaning, in an order in which NULL is the end. */
struct word {
    char word[8];
    uint32_t value;
};

/* A number, or one of a few words; NULL: nothing was given, and the value stays. */
static bool read_word(const struct making *making, const char *flag, const struct word *words, uint64_t least,
                      uint64_t most, uint32_t *value) {
    const char *text = get(making, flag);
    uint64_t number;
    if (!text)
        return true;
    for (const struct word *word = words; word->word[0] != '\0'; word++) {
        if (!unsock_span_is(unsock_span_of(text), word->word))
            continue;
        *value = word->value;
        return true;
    }
    if (unsock_span_number(unsock_span_of(text), 10, most, &number) && number >= least) {
        *value = (uint32_t)number;
        return true;
    }
    put_name(making, flag);
    unsock_text_put(making->error, ": neither a number");
    if (most < UINT32_MAX) {
        unsock_text_put(making->error, " from ");
        unsock_text_number(making->error, least, 10, 1);
        unsock_text_put(making->error, " to ");
        unsock_text_number(making->error, most, 10, 1);
    }
    unsock_text_put(making->error, " nor one of ");
    for (const struct word *word = words; word->word[0] != '\0'; word++)
        unsock_text_join(making->error, word == words ? "" : ", ", word->word);
    return wrong(making, "", "", text);
}

static bool to_path(const struct making *making, const char *flag, const char *text, const char *path) {
    if (unsock_control_to_path(making->file, path))
        return true;
    return wrong(making, flag,
                 unsock_span_is(unsock_span_of(path), "@") ? ": an empty name" : ": longer than 108 bytes", text);
}

/* A relative path is made absolute. */
static bool read_unix(const struct making *making, const char *flag, const char *text, bool may_be_abstract) {
    char path[UNSOCK_RUN_PATH_MOST];
    if (text[0] == '/' || (may_be_abstract && text[0] == '@'))
        return to_path(making, flag, text, text);
    long result = unsock_run_resolve(text, path);
    if (result == -ENOENT)
        return wrong(making, flag, ": the working directory was removed: write an absolute path", text);
    return result == 0 ? to_path(making, flag, text, path) : wrong(making, flag, ": longer than 108 bytes", text);
}

/* Without links and relative parts. False: it does not exist. */
static bool real_path(const char *path, char *real) {
    char link[64];
    struct unsock_text text = unsock_text_in(link, sizeof(link));
    long fd = unsock_openat(AT_FDCWD, path, UNSOCK_O_PATH | O_CLOEXEC, 0);
    if (fd < 0)
        return false;
    unsock_text_put(&text, "/proc/self/fd/");
    unsock_text_number(&text, (uint64_t)fd, 10, 1);
    long length = unsock_readlinkat(AT_FDCWD, link, real, UNSOCK_RUN_PATH_MOST - 1);
    unsock_close(fd);
    if (length > 0)
        real[length] = '\0';
    return length > 0;
}

/* As unsock 1.1 does: links are resolved; only an absolute path may be of a socket that is yet to come. */
static bool read_multiplexer(const struct making *making, const char *text) {
    char path[UNSOCK_RUN_PATH_MOST];
    bool is_there = real_path(text, path);
    if (!is_there && text[0] != '/')
        return wrong(making, "--fc-sock", ": a relative path must exist", text);
    if (!to_path(making, "--fc-sock", text, is_there ? path : text))
        return false;
    struct unsock_control_file *file = making->file;
    memcpy(file->proxy, file->dest, sizeof(file->proxy));
    memset(file->dest, 0, sizeof(file->dest));
    file->proxy_length = sizeof(struct sockaddr_un);
    file->options = UNSOCK_CONTROL_FIRECRACKER;
    return true;
}

static void set_dest(const struct making *making, const void *address, uint32_t length) {
    making->file->magic = UNSOCK_CONTROL_MAGIC;
    memcpy(making->file->dest, address, length);
    making->file->dest_length = length;
}

/* Firecracker connects guests to PATH_PORT, and takes the end of what the host sends for the end of all. */
static bool read_guests(const struct making *making, uint32_t port) {
    char path[UNSOCK_RUN_PATH_MOST];
    struct unsock_text text = unsock_text_in(path, sizeof(path));
    if (get(making, "--fc-sock"))
        return wrong(making, COMMAND, "--fc-sock and --fc-listen exclude each other", NULL);
    if (get(making, "--vsock-cid"))
        return wrong(making, COMMAND, "--fc-listen needs no --vsock-cid", NULL);
    unsock_text_join(&text, get(making, "--fc-listen"), "_");
    unsock_text_number(&text, port, 10, 1);
    return read_unix(making, "--fc-listen", path, false) && unsock_control_half_close_set(making->file, "hold");
}

static bool read_vsock(const struct making *making) {
    static const struct word words[] = {
        {"any", VMADDR_CID_ANY}, {"host", VMADDR_CID_HOST}, {"local", VMADDR_CID_LOCAL}, {"", 0}};
    struct sockaddr_vm dest = {.svm_family = UNSOCK_AF_VSOCK};
    uint32_t port, cid = VMADDR_CID_ANY;
    if (!read_number(making, "--vsock-port", get(making, "--vsock-port"), 1, VSOCK_PORT_MOST, &port))
        return false;
    if (get(making, "--fc-listen"))
        return read_guests(making, port);
    if (!read_word(making, "--vsock-cid", words, 0, UINT32_MAX, &cid))
        return false;
    if (get(making, "--fc-sock") && get(making, "--vsock-cid") && !making->by_variables)
        return wrong(making, COMMAND, "--fc-sock needs no --vsock-cid", NULL);
    if (get(making, "--fc-sock") && !read_multiplexer(making, get(making, "--fc-sock")))
        return false;
    dest.svm_port = port;
    dest.svm_cid = cid;
    set_dest(making, &dest, sizeof(dest));
    return true;
}

static bool read_tipc(const struct making *making) {
    static const struct word kinds[] = {
        {"service", TIPC_SERVICE_ADDR}, {"range", TIPC_SERVICE_RANGE}, {"node", TIPC_SOCKET_ADDR}, {"", 0}};
    static const struct word scopes[] = {{"cluster", TIPC_CLUSTER_SCOPE}, {"node", TIPC_NODE_SCOPE}, {"", 0}};
    /* The variables have no other name for an instance than that of a range's begin. */
    bool has_end = get(making, "--tipc-upper"), by_variables = making->by_variables;
    bool is_range = !by_variables && (get(making, "--tipc-lower") || has_end);
    struct sockaddr_tipc dest = {.family = UNSOCK_AF_TIPC};
    uint32_t type, first, last, kind = is_range ? TIPC_SERVICE_RANGE : TIPC_SERVICE_ADDR, scope = TIPC_CLUSTER_SCOPE;
    const char *flag = is_range || by_variables ? "--tipc-lower" : "--tipc-instance";
    if (!by_variables && is_range == (get(making, "--tipc-instance") != NULL))
        return wrong(making, COMMAND, "give either --tipc-instance or --tipc-lower and --tipc-upper", NULL);
    if (!read_number(making, "--tipc-type", get(making, "--tipc-type"), 0, UINT32_MAX, &type) ||
        !read_word(making, "--tipc-addrtype", kinds, TIPC_SERVICE_RANGE, TIPC_SOCKET_ADDR, &kind) ||
        !read_number(making, flag, get(making, flag), 0, UINT32_MAX, &first))
        return false;
    /* The last word: of a range its end; of a service the domain, where 0 is everywhere; of a node address nothing. */
    last = kind == TIPC_SERVICE_RANGE ? first : 0;
    if ((is_range || has_end) &&
        !read_number(making, "--tipc-upper", get(making, "--tipc-upper"), 0, UINT32_MAX, &last))
        return false;
    if (kind == TIPC_SERVICE_RANGE && last < first)
        return wrong(making, "--tipc-upper", ": below ", NULL) ||
               wrong(making, "--tipc-lower", "", get(making, "--tipc-upper"));
    if (!read_word(making, "--tipc-scope", scopes, 0, TIPC_NODE_SCOPE, &scope))
        return false;
    dest.addrtype = (unsigned char)kind;
    dest.scope = (signed char)scope;
    dest.addr.nameseq = (struct tipc_service_range){.type = type, .lower = first, .upper = last};
    set_dest(making, &dest, sizeof(dest));
    return true;
}

static bool read_internet(const struct making *making, const char *text) {
    union unsock_sockaddr address;
    uint32_t length;
    if (!unsock_port_words_inet(text, &address, &length))
        return wrong(making, "--inet", ": not an IP address and port, such as 192.0.2.1:80 or [2001:db8::1]:80", text);
    set_dest(making, &address, length);
    return true;
}

static bool read_target(const struct making *making, uint8_t group) {
    switch (group) {
    case 0:
        return read_tipc(making);
    case 1:
        return read_vsock(making);
    case 2:
        return read_unix(making, "--unix", get(making, "--unix"), true);
    case 3:
        return read_internet(making, get(making, "--inet"));
    default:
        return unsock_control_to_path(making->file, UNSOCK_CONTROL_NOBODY);
    }
}

/* What becomes of a half-close takes the last slot. */
static bool read_slots(const struct making *making) {
    const struct unsock_options *options = making->options;
    const char *half_close = get(making, "--half-close");
    for (unsigned i = 0; i < options->each_count; i++) {
        struct unsock_control_sockopt option;
        if (!unsock_socket_option_read(options->each[i], &option, making->error))
            return false;
        making->file->sockopts[i] = option;
    }
    if (half_close && options->each_count == UNSOCK_CONTROL_SOCKOPTS)
        return wrong(making, "--half-close", ": takes the place of one of 4 --sockopt", NULL);
    return !half_close || unsock_control_half_close_set(making->file, half_close) ||
           wrong(making, "--half-close", ": neither hold nor pass", half_close);
}

static bool make(const struct making *making) {
    const struct target *first = NULL;
    *making->file = (struct unsock_control_file){.magic = UNSOCK_CONTROL_MAGIC};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (!get(making, targets[i].flag))
            continue;
        first = first ? first : &targets[i];
        if (first->group == targets[i].group)
            continue;
        wrong(making, COMMAND, "", NULL);
        wrong(making, first->flag, " and ", NULL);
        return wrong(making, targets[i].flag, " exclude each other", NULL);
    }
    if (!first && making->by_variables)
        return wrong(making, "UNSOCK_FILE", ": set UNSOCK_VSOCK_PORT, or UNSOCK_TIPC_TYPE and UNSOCK_TIPC_LOWER, too",
                     NULL);
    if (!first)
        return wrong(making, COMMAND,
                     "no target: give --vsock-port, --fc-sock, --tipc-type, --unix, --inet or --refuse", NULL);
    return read_target(making, first->group) && read_slots(making);
}

bool unsock_control_from_options(const struct unsock_options *options, struct unsock_control_file *file,
                                 struct unsock_text *error) {
    return make(&(struct making){options, file, error, false});
}

/* Which options are variables, too: those of unsock 1.1, and the half-close. */
static bool is_variable(const char *flag) {
    static const char flags[][16] = {"--vsock-port", "--vsock-cid",  "--fc-sock",       "--tipc-type", "--tipc-lower",
                                     "--tipc-upper", "--tipc-scope", "--tipc-addrtype", "--half-close"};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (unsock_span_is(unsock_span_of(flag), flags[i]))
            return true;
    return false;
}

bool unsock_control_from_variables(const struct unsock_environment *environment, struct unsock_control_file *file,
                                   struct unsock_text *error) {
    struct unsock_option_table table = unsock_make_control_options();
    struct unsock_options options = {.table = &table};
    for (unsigned i = 0; i < table.count; i++) {
        char name[32];
        struct unsock_text text = unsock_text_in(name, sizeof(name));
        put_variable(&text, list[i].flag);
        const char *value = is_variable(list[i].flag) ? unsock_environment_get(environment, name) : NULL;
        bool is_any = value && unsock_span_is(unsock_span_of(list[i].flag), "--vsock-cid") &&
                      unsock_span_is(unsock_span_of(value), "-1"); /* VMADDR_CID_ANY */
        options.values[i] = is_any ? "any" : value;
    }
    return make(&(struct making){&options, file, error, true});
}
