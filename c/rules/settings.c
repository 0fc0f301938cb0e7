/* Reads the settings from the environment. Pure. */
#include "rules/settings.h"

#include "../build/tables.h"
#include "unsock.h"

#define ACCEPT_AS_BITS_LEAST 8
#define ACCEPT_AS_BITS_MOST 30
#define CONNECT_TIMEOUT_DEFAULT_MS 5000
#define CONNECT_TIMEOUT_MOST_MS 3600000
#define SETTING_NAME_ROOM 32

struct unsock_settings unsock_settings;

struct reader {
    struct unsock_settings *settings;
    struct unsock_text *error;
};

/* One setting. `read` gets NULL as the value if the setting is unset or empty. */
struct setting {
    char name[SETTING_NAME_ROOM]; /* a pointer would have to be relocated in every process */
    bool (*read)(struct reader *reader, const struct setting *setting, const char *value);
};

static bool fail_setting(struct reader *reader, const struct setting *setting, const char *why, const char *value) {
    unsock_text_join(reader->error, setting->name, ": ", why, ": ");
    unsock_text_quote(reader->error, unsock_span_of(value));
    return false;
}

static bool read_flag(struct reader *reader, const struct setting *setting, const char *value, bool *flag) {
    *flag = value && unsock_span_is(unsock_span_of(value), "1");
    if (value && !*flag && !unsock_span_is(unsock_span_of(value), "0"))
        return fail_setting(reader, setting, "must be 1 (on) or 0 (off)", value);
    return true;
}

/* Drops double and trailing slashes and "/./", so that paths from the kernel compare equal. */
static bool normalize_directory(struct unsock_span path, struct unsock_settings *settings) {
    struct unsock_text text = unsock_text_in(settings->directory, UNSOCK_DIR_MOST + 1);
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

static bool read_directory(struct reader *reader, const struct setting *setting, const char *value) {
    if (!value)
        return fail_setting(reader, setting, "is not set: name the absolute directory of the socket files", "");
    if (value[0] != '/')
        return fail_setting(reader, setting, "must be an absolute path", value);
    if (!normalize_directory(unsock_span_of(value), reader->settings))
        return fail_setting(reader, setting, "must be a directory of 2 to 90 bytes, so that a socket file's path fits",
                            value);
    return true;
}

static bool read_prefix(struct unsock_span item, struct unsock_prefix *prefix) {
    struct unsock_span address = unsock_span_next(&item, '/');
    bool has_bits = address.at + address.length != item.at || item.length > 0;
    if (!unsock_ip_parse(address, &prefix->ip))
        return false;
    bool mapped = prefix->ip.family == AF_INET && unsock_span_has(address, ':');
    unsigned most = mapped || prefix->ip.family == AF_INET6 ? 128 : 32;
    uint64_t bits = most;
    if (has_bits && !unsock_span_number(item, 10, most, &bits))
        return false;
    if (mapped && bits < 96)
        return false;
    prefix->bits = (unsigned)(mapped ? bits - 96 : bits);
    return true;
}

static bool read_accept_as(struct reader *reader, const struct setting *setting, const char *value) {
    struct unsock_prefix *prefix = &reader->settings->accept_as;
    bool mapped = value && unsock_span_has(unsock_span_of(value), ':');
    if (!value || (read_prefix(unsock_span_of(value), prefix) && prefix->ip.family == AF_INET && !mapped &&
                   prefix->bits >= ACCEPT_AS_BITS_LEAST && prefix->bits <= ACCEPT_AS_BITS_MOST))
        return true;
    return fail_setting(reader, setting, "must be a range of IPv4 addresses, ADDR/BITS, with 8 to 30 bits", value);
}

static struct unsock_ip first_address_of_family(const struct unsock_settings *settings, int family,
                                                struct unsock_ip otherwise) {
    for (unsigned i = 0; i < settings->address_count; i++) {
        if (settings->addresses[i].ip.family == family)
            return unsock_ip_some(settings->addresses[i].ip);
    }
    return otherwise;
}

/* Reads a comma-separated list. `add` stores each item in the settings, which have room for UNSOCK_RANGES. */
static bool read_list(struct reader *reader, const struct setting *setting, const char *value, const unsigned *count,
                      bool (*add)(struct unsock_span item, struct unsock_settings *settings), const char *why) {
    struct unsock_span rest = unsock_span_of(value);
    for (bool more = true; more;) {
        size_t before = rest.length;
        struct unsock_span item = unsock_span_next(&rest, ',');
        more = item.length < before;
        if (*count == UNSOCK_RANGES)
            return fail_setting(reader, setting, "has more than 64 entries", value);
        if (!add(item, reader->settings))
            return fail_setting(reader, setting, why, value);
    }
    return true;
}

static bool add_address(struct unsock_span item, struct unsock_settings *settings) {
    return read_prefix(item, &settings->addresses[settings->address_count++]);
}

static bool read_addresses(struct reader *reader, const struct setting *setting, const char *value) {
    if (!read_list(reader, setting, value ? value : "127.175.0.0/32", &reader->settings->address_count, add_address,
                   "not a list of IP addresses, ADDR or ADDR/BITS, such as 127.0.0.1,::1 for localhost"))
        return false;
    struct unsock_ip loopback = unsock_ip_some((struct unsock_ip){.family = AF_INET});
    reader->settings->default4 = first_address_of_family(reader->settings, AF_INET, loopback);
    reader->settings->default6 = first_address_of_family(reader->settings, AF_INET6, reader->settings->default4);
    return true;
}

static bool add_ports(struct unsock_span item, struct unsock_settings *settings) {
    uint64_t first, last;
    size_t length = item.length;
    struct unsock_span part = unsock_span_next(&item, '-');
    if (!unsock_span_number(part, 10, 65535, &first) ||
        !unsock_span_number(part.length < length ? item : part, 10, 65535, &last))
        return false;
    settings->ports[settings->port_count++] = (struct unsock_ports){(uint16_t)first, (uint16_t)last};
    return first > 0 && first <= last;
}

static bool read_ports(struct reader *reader, const struct setting *setting, const char *value) {
    return !value || read_list(reader, setting, value, &reader->settings->port_count, add_ports,
                               "must be a comma-separated list of N or N-M, from 1 to 65535");
}

static bool read_mode(struct reader *reader, const struct setting *setting, const char *value) {
    uint64_t mode = 0;
    if (value && !unsock_span_number(unsock_span_of(value), 8, 0777, &mode))
        return fail_setting(reader, setting, "must be an octal mode from 0 to 777", value);
    reader->settings->mode = value ? (int)mode : -1;
    return true;
}

static bool read_connect_timeout_ms(struct reader *reader, const struct setting *setting, const char *value) {
    uint64_t timeout = CONNECT_TIMEOUT_DEFAULT_MS;
    if (value && (!unsock_span_number(unsock_span_of(value), 10, CONNECT_TIMEOUT_MOST_MS, &timeout) || timeout == 0))
        return fail_setting(reader, setting, "must be milliseconds from 1 to 3600000", value);
    reader->settings->connect_timeout_ms = (unsigned)timeout;
    return true;
}

static bool read_log(struct reader *reader, const struct setting *setting, const char *value) {
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
        return fail_setting(reader, setting, "must be stderr or an absolute path of at most 255 bytes", value);
    memcpy(reader->settings->log_file, value, strlen(value) + 1);
    reader->settings->log = UNSOCK_LOG_FILE;
    return true;
}

static bool read_engine(struct reader *reader, const struct setting *setting, const char *value) {
    static const char *const names[] = {"auto", "trap", "preload"};
    for (uint8_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!value || unsock_span_is(unsock_span_of(value), names[i])) {
            reader->settings->engine = i;
            return true;
        }
    }
    return fail_setting(reader, setting, "must be auto, trap or preload", value);
}

/* Checks "RUNNER:NAMES" (process/each.c). */
static bool read_each(struct reader *reader, const struct setting *setting, const char *value) {
    uint64_t runner;
    struct unsock_span names = unsock_span_of(value ? value : ""), number = unsock_span_next(&names, ':');
    bool good = number.length == UNSOCK_EACH_WIDTH && names.length > 0 &&
                unsock_span_number(number, 10, UNSOCK_EACH_MOST, &runner);
    while (good && names.length > 0)
        good = unsock_span_next(&names, ',').length > 0;
    return !value || good ||
           fail_setting(reader, setting, "is set by run --each=NAME,NAME, and no name is empty", value);
}

static bool read_patch(struct reader *reader, const struct setting *setting, const char *value) {
    reader->settings->patch = true;
    return !value || read_flag(reader, setting, value, &reader->settings->patch);
}

/* On by default with block_inet, which forbids sockets that are not redirected: then no program may be out of reach. */
static bool read_strict(struct reader *reader, const struct setting *setting, const char *value) {
    reader->settings->strict = reader->settings->block_inet;
    return !value || read_flag(reader, setting, value, &reader->settings->strict);
}

#define FLAG(name, member)                                                                                             \
    static bool read_##name(struct reader *reader, const struct setting *setting, const char *value) {                 \
        return read_flag(reader, setting, value, &reader->settings->member);                                           \
    }
FLAG(block_inet, block_inet)
FLAG(block_inet6, block_inet6)
FLAG(accept_convert_all, convert_all)
FLAG(accept_convert_vsock, convert_vsock)
FLAG(fallback, fallback)
FLAG(one_address, one_address)
FLAG(trust, trust)
FLAG(off, off)

/* The settings are read, and errors reported, in the order of lib/run/settings.ts. */
#define SETTING(variable, name) {variable, read_##name},
static const struct setting table[] = {UNSOCK_SETTING_ROWS};

#define SETTINGS (sizeof(table) / sizeof(table[0]))

const char *unsock_setting_name(unsigned index) {
    return index < SETTINGS ? table[index].name : NULL;
}

bool unsock_settings_read(const char *const *environment, struct unsock_settings *settings, struct unsock_text *error) {
    struct reader reader = {settings, error};
    memset(settings, 0, sizeof(*settings));
    if (!unsock_setting_names_check(environment, error))
        return false;
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *value = unsock_environment_get(environment, table[i].name);
        if (!table[i].read(&reader, &table[i], value))
            return false;
    }
    return true;
}
