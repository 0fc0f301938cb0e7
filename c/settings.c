/* Reading the settings from the environment. Pure, but for the directory that is made. */
#include "settings.h"

#include "rt/mem.h"
#include "rt/sys.h"

#include <linux/stat.h>

#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define CONNECT_TIMEOUT_MOST_MS 3600000

struct unsock_settings unsock_settings;

static const char *match(const char *entry, const char *name, size_t name_length) {
    for (size_t i = 0; i < name_length; i++) {
        if (entry[i] != name[i])
            return NULL;
    }
    return entry[name_length] == '=' ? entry + name_length + 1 : NULL;
}

static const char *find(const struct unsock_environment *environment, const char *name) {
    size_t name_length = strlen(name);
    const char *value;
    for (size_t i = 0; environment->list && environment->list[i]; i++) {
        if ((value = match(environment->list[i], name, name_length)))
            return value;
    }
    size_t end = environment->list ? 0 : environment->length;
    /* A last string without its NUL is not read. */
    while (end > 0 && environment->block[end - 1] != '\0')
        end--;
    for (size_t at = 0; at < end; at += strlen(environment->block + at) + 1) {
        if ((value = match(environment->block + at, name, name_length)))
            return value;
    }
    return NULL;
}

const char *unsock_environment_get(const struct unsock_environment *environment, const char *name) {
    const char *value = find(environment, name);
    return value && value[0] != '\0' ? value : NULL;
}

/* One reading in progress: what all the readers below need. */
struct reader {
    const struct unsock_environment *environment;
    struct unsock_settings *settings;
    struct unsock_text *error;
};

static bool wrong(struct reader *reader, const char *name, const char *why, const char *value) {
    unsock_text_put(reader->error, name);
    unsock_text_put(reader->error, ": ");
    unsock_text_put(reader->error, why);
    unsock_text_put(reader->error, ": ");
    unsock_text_quote(reader->error, unsock_span_of(value));
    return false;
}

static bool read_flag(struct reader *reader, const char *name, bool *flag) {
    const char *value = unsock_environment_get(reader->environment, name);
    *flag = value && unsock_span_is(unsock_span_of(value), "1");
    if (value && !*flag && !unsock_span_is(unsock_span_of(value), "0"))
        return wrong(reader, name, "must be 1 (on) or 0 (off)", value);
    return true;
}

/* Drops doubled and trailing slashes and "/./", so that the kernel's names and ours compare equal. */
static bool normalize_directory(struct unsock_span path, struct unsock_settings *settings) {
    struct unsock_text text;
    unsock_text_start(&text, settings->directory, UNSOCK_DIR_MOST + 1);
    while (path.length > 0) {
        struct unsock_span part = unsock_span_next(&path, '/');
        if (part.length == 0 || unsock_span_is(part, "."))
            continue;
        unsock_text_char(&text, '/');
        unsock_text_span(&text, part);
    }
    settings->directory_length = text.length;
    return !text.cut && text.length > 0;
}

static bool read_directory(struct reader *reader) {
    const char *value = unsock_environment_get(reader->environment, "UNSOCK_DIR");
    if (!value) {
        unsock_text_put(reader->error, "UNSOCK_DIR: is not set: name the absolute directory of the socket files: \"\"");
        return false;
    }
    if (value[0] != '/')
        return wrong(reader, "UNSOCK_DIR", "must be an absolute path", value);
    if (!normalize_directory(unsock_span_of(value), reader->settings))
        return wrong(reader, "UNSOCK_DIR", "must be a directory of 2 to 90 bytes, so that a socket file's path fits", value);
    return true;
}

static bool read_prefix(struct unsock_span item, struct unsock_prefix *prefix) {
    struct unsock_span address = unsock_span_next(&item, '/');
    bool has_bits = address.at + address.length != item.at || item.length > 0;
    bool mapped = false;
    for (size_t i = 0; i < address.length; i++)
        mapped |= address.at[i] == ':';
    if (!unsock_ip_parse(address, &prefix->ip))
        return false;
    mapped &= prefix->ip.family == AF_INET;
    unsigned most = mapped || prefix->ip.family == AF_INET6 ? 128 : 32;
    uint64_t bits = most;
    if (has_bits && !unsock_span_number(item, 10, most, &bits))
        return false;
    if (mapped && bits < 96)
        return false;
    prefix->bits = (unsigned)(mapped ? bits - 96 : bits);
    return true;
}

/* The first listed address of a family: the one that peers without an address of their own have. */
static struct unsock_ip first_address(const struct unsock_settings *settings, int family, struct unsock_ip otherwise) {
    for (unsigned i = 0; i < settings->address_count; i++) {
        if (settings->addresses[i].ip.family == family)
            return unsock_ip_some(settings->addresses[i].ip);
    }
    return otherwise;
}

static bool read_addresses(struct reader *reader) {
    const char *value = unsock_environment_get(reader->environment, "UNSOCK_ADDR");
    struct unsock_span rest = unsock_span_of(value ? value : "127.175.0.0/32");
    for (bool more = true; more;) {
        size_t before = rest.length;
        struct unsock_span item = unsock_span_next(&rest, ',');
        more = item.length < before;
        if (reader->settings->address_count == UNSOCK_RANGES)
            return wrong(reader, "UNSOCK_ADDR", "has more than 64 entries", value);
        if (!read_prefix(item, &reader->settings->addresses[reader->settings->address_count++]))
            return wrong(reader, "UNSOCK_ADDR", "must be a comma-separated list of ADDR or ADDR/BITS", value);
    }
    struct unsock_ip loopback = unsock_ip_some((struct unsock_ip){.family = AF_INET});
    reader->settings->default4 = first_address(reader->settings, AF_INET, loopback);
    reader->settings->default6 = first_address(reader->settings, AF_INET6, reader->settings->default4);
    return true;
}

static bool read_port_range(struct unsock_span item, struct unsock_ports *ports) {
    uint64_t first, last;
    size_t length = item.length;
    struct unsock_span part = unsock_span_next(&item, '-');
    if (!unsock_span_number(part, 10, 65535, &first))
        return false;
    last = first;
    if (part.length < length && !unsock_span_number(item, 10, 65535, &last))
        return false;
    *ports = (struct unsock_ports){(uint16_t)first, (uint16_t)last};
    return first > 0 && first <= last;
}

static bool read_ports(struct reader *reader) {
    const char *value = unsock_environment_get(reader->environment, "UNSOCK_PORT");
    struct unsock_span rest = unsock_span_of(value ? value : "");
    for (bool more = value != NULL; more;) {
        size_t before = rest.length;
        struct unsock_span item = unsock_span_next(&rest, ',');
        more = item.length < before;
        if (reader->settings->port_count == UNSOCK_RANGES)
            return wrong(reader, "UNSOCK_PORT", "has more than 64 entries", value);
        if (!read_port_range(item, &reader->settings->ports[reader->settings->port_count++]))
            return wrong(reader, "UNSOCK_PORT", "must be a comma-separated list of N or N-M, from 1 to 65535", value);
    }
    return true;
}

static bool read_numbers(struct reader *reader) {
    uint64_t number;
    const char *mode = unsock_environment_get(reader->environment, "UNSOCK_MODE");
    reader->settings->mode = -1;
    if (mode && !unsock_span_number(unsock_span_of(mode), 8, 0777, &number))
        return wrong(reader, "UNSOCK_MODE", "must be an octal mode from 0 to 777", mode);
    if (mode)
        reader->settings->mode = (int)number;
    const char *timeout = unsock_environment_get(reader->environment, "UNSOCK_CONNECT_TIMEOUT_MS");
    number = CONNECT_TIMEOUT_DEFAULT_MS;
    if (timeout && (!unsock_span_number(unsock_span_of(timeout), 10, CONNECT_TIMEOUT_MOST_MS, &number) || number == 0))
        return wrong(reader, "UNSOCK_CONNECT_TIMEOUT_MS", "must be milliseconds from 1 to 3600000", timeout);
    reader->settings->connect_timeout_ms = (unsigned)number;
    return true;
}

static bool read_log(struct reader *reader) {
    const char *value = unsock_environment_get(reader->environment, "UNSOCK_LOG");
#ifdef UNSOCK_DEBUG
    reader->settings->log = UNSOCK_LOG_STDERR;
#endif
    if (!value)
        return true;
    if (unsock_span_is(unsock_span_of(value), "stderr")) {
        reader->settings->log = UNSOCK_LOG_STDERR;
        return true;
    }
    if (value[0] != '/' || strlen(value) > UNSOCK_LOG_MOST)
        return wrong(reader, "UNSOCK_LOG", "must be stderr or an absolute path of at most 255 bytes", value);
    memcpy(reader->settings->log_file, value, strlen(value) + 1);
    reader->settings->log = UNSOCK_LOG_FILE;
    return true;
}

bool unsock_settings_read(const struct unsock_environment *environment, struct unsock_settings *settings,
                          struct unsock_text *error) {
    struct reader reader = {environment, settings, error};
    memset(settings, 0, sizeof(*settings));
    return read_directory(&reader) && read_addresses(&reader) && read_ports(&reader) && read_numbers(&reader) &&
           read_flag(&reader, "UNSOCK_BLOCK_INET", &settings->block_inet) &&
           read_flag(&reader, "UNSOCK_BLOCK_INET6", &settings->block_inet6) &&
           read_flag(&reader, "UNSOCK_ACCEPT_CONVERT_ALL", &settings->convert_all) &&
           read_flag(&reader, "UNSOCK_ACCEPT_CONVERT_VSOCK", &settings->convert_vsock) &&
           read_flag(&reader, "UNSOCK_FALLBACK", &settings->fallback) && read_log(&reader);
}

static long make_with_parents(char *path) {
    for (size_t i = 1; path[i] != '\0'; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        long result = unsock_sys(__NR_mkdirat, AT_FDCWD, path, 0755);
        path[i] = '/';
        if (result < 0 && result != -EEXIST)
            return result;
    }
    long result = unsock_sys(__NR_mkdirat, AT_FDCWD, path, 0755);
    return result == -EEXIST ? 0 : result;
}

bool unsock_settings_make_directory(const struct unsock_settings *settings, struct unsock_text *error) {
    struct statx status;
    char path[UNSOCK_DIR_MOST + 1];
    const char *why = "cannot be used";
    memcpy(path, settings->directory, settings->directory_length + 1);
    long result = unsock_sys(__NR_statx, AT_FDCWD, path, 0, STATX_TYPE, &status);
    if (result == -ENOENT) {
        why = "the directory cannot be made";
        result = make_with_parents(path);
        if (result == 0)
            return true;
    }
    if (result == 0 && (status.stx_mode & UNSOCK_S_IFMT) == UNSOCK_S_IFDIR)
        return true;
    unsock_text_put(error, "UNSOCK_DIR: ");
    unsock_text_put(error, result == 0 || result == -ENOTDIR ? "is not a directory" : why);
    if (result < 0 && result != -ENOTDIR) {
        unsock_text_put(error, " (errno ");
        unsock_text_number(error, (uint64_t)-result, 10, 1);
        unsock_text_char(error, ')');
    }
    unsock_text_put(error, ": ");
    unsock_text_quote(error, unsock_span_of(settings->directory));
    return false;
}
