/* Linux's numbers, the same on x86-64 and aarch64. */
#include "rules/words.h"

#include "rt/base.h"

#define SECONDS_DIGITS 9
#define MICROSECONDS_DIGITS 6
#define GROUP_WORDS 4

enum kind { INTEGER, SECONDS, TIPC_GROUP };

static const struct known {
    char name[24];
    uint16_t level;
    uint16_t number;
    uint8_t kind; /* enum kind */
} known[] = {
    {"SO_DEBUG", SOL_SOCKET, 1, INTEGER},
    {"SO_REUSEADDR", SOL_SOCKET, 2, INTEGER},
    {"SO_DONTROUTE", SOL_SOCKET, 5, INTEGER},
    {"SO_BROADCAST", SOL_SOCKET, 6, INTEGER},
    {"SO_SNDBUF", SOL_SOCKET, 7, INTEGER},
    {"SO_RCVBUF", SOL_SOCKET, 8, INTEGER},
    {"SO_KEEPALIVE", SOL_SOCKET, 9, INTEGER},
    {"SO_OOBINLINE", SOL_SOCKET, 10, INTEGER},
    {"SO_PRIORITY", SOL_SOCKET, 12, INTEGER},
    {"SO_REUSEPORT", SOL_SOCKET, 15, INTEGER},
    {"SO_PASSCRED", SOL_SOCKET, 16, INTEGER},
    {"SO_RCVLOWAT", SOL_SOCKET, 18, INTEGER},
    {"SO_RCVTIMEO", SOL_SOCKET, 20, SECONDS},
    {"SO_SNDTIMEO", SOL_SOCKET, 21, SECONDS},
    {"SO_TIMESTAMP", SOL_SOCKET, 29, INTEGER},
    {"SO_SNDBUFFORCE", SOL_SOCKET, 32, INTEGER},
    {"SO_RCVBUFFORCE", SOL_SOCKET, 33, INTEGER},
    {"SO_MARK", SOL_SOCKET, 36, INTEGER},
    {"SO_BUSY_POLL", SOL_SOCKET, 46, INTEGER},
    {"SO_ZEROCOPY", SOL_SOCKET, 60, INTEGER},
    {"TCP_NODELAY", IPPROTO_TCP, 1, INTEGER},
    {"TCP_MAXSEG", IPPROTO_TCP, 2, INTEGER},
    {"TCP_CORK", IPPROTO_TCP, 3, INTEGER},
    {"TCP_KEEPIDLE", IPPROTO_TCP, 4, INTEGER},
    {"TCP_KEEPINTVL", IPPROTO_TCP, 5, INTEGER},
    {"TCP_KEEPCNT", IPPROTO_TCP, 6, INTEGER},
    {"TCP_USER_TIMEOUT", IPPROTO_TCP, 18, INTEGER},
    {"IPV6_V6ONLY", IPPROTO_IPV6, 26, INTEGER},
    {"IPV6_TCLASS", IPPROTO_IPV6, 67, INTEGER},
    {"TIPC_IMPORTANCE", SOL_TIPC, 127, INTEGER},
    {"TIPC_SRC_DROPPABLE", SOL_TIPC, 128, INTEGER},
    {"TIPC_DEST_DROPPABLE", SOL_TIPC, 129, INTEGER},
    {"TIPC_CONN_TIMEOUT", SOL_TIPC, 130, INTEGER},
    {"TIPC_MCAST_BROADCAST", SOL_TIPC, 133, INTEGER},
    {"TIPC_MCAST_REPLICAST", SOL_TIPC, 134, INTEGER},
    {"TIPC_GROUP_JOIN", SOL_TIPC, 135, TIPC_GROUP},
    {"TIPC_NODELAY", SOL_TIPC, 138, INTEGER},
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

static const struct known *find(uint32_t level, uint32_t number) {
    for (size_t i = 0; i < KNOWN; i++) {
        if (known[i].level == level && known[i].number == number)
            return &known[i];
    }
    return NULL;
}

/* Zero is no level and no number here: the library reads it as an empty slot. */
static bool read_numbers(struct unsock_span name, struct unsock_control_sockopt *option) {
    struct unsock_span level = unsock_span_next(&name, ':');
    uint64_t group = 0, key = 0;
    if (!unsock_span_number(level, 10, UINT32_MAX, &group) || !unsock_span_number(name, 10, UINT32_MAX, &key))
        return false;
    option->group = (uint32_t)group;
    option->key = (uint32_t)key;
    return group != 0 && key != 0;
}

static bool read_name(struct unsock_span name, struct unsock_control_sockopt *option) {
    for (size_t i = 0; i < KNOWN; i++) {
        if (!unsock_span_is(name, known[i].name))
            continue;
        option->group = known[i].level;
        option->key = known[i].number;
        return true;
    }
    return read_numbers(name, option);
}

static bool read_integer(struct unsock_span text, uint8_t *value) {
    bool negative = text.length > 0 && text.at[0] == '-';
    uint64_t number;
    struct unsock_span digits = {text.at + negative, text.length - negative};
    if (!unsock_span_number(digits, 10, negative ? 0x80000000u : UINT32_MAX, &number))
        return false;
    uint32_t word = negative ? 0u - (uint32_t)number : (uint32_t)number;
    memcpy(value, &word, sizeof(word));
    return true;
}

/* A struct timeval. */
static bool read_seconds(struct unsock_span text, uint8_t *value) {
    struct unsock_span whole = unsock_span_next(&text, '.');
    bool has_fraction = text.at != whole.at + whole.length;
    struct unsock_timeval time = {0, 0};
    uint64_t seconds, microseconds = 0;
    if (whole.length > SECONDS_DIGITS || !unsock_span_number(whole, 10, UINT32_MAX, &seconds))
        return false;
    if (has_fraction && (text.length > MICROSECONDS_DIGITS || !unsock_span_number(text, 10, UINT32_MAX, &microseconds)))
        return false;
    for (size_t i = text.length; has_fraction && i < MICROSECONDS_DIGITS; i++)
        microseconds *= 10;
    time.seconds = (int64_t)seconds;
    time.microseconds = (int64_t)microseconds;
    memcpy(value, &time, sizeof(time));
    return true;
}

/* A struct tipc_group_req. */
static bool read_group(struct unsock_span text, uint8_t *value) {
    uint32_t words[GROUP_WORDS];
    for (int i = 0; i < GROUP_WORDS; i++) {
        struct unsock_span word = unsock_span_next(&text, ':');
        bool is_last = text.at == word.at + word.length;
        uint64_t number;
        if (is_last != (i == GROUP_WORDS - 1) || !unsock_span_number(word, 10, UINT32_MAX, &number))
            return false;
        words[i] = (uint32_t)number;
    }
    memcpy(value, words, sizeof(words));
    return true;
}

static enum kind kind_of(const struct unsock_control_sockopt *option) {
    const struct known *one = find(option->group, option->key);
    return one ? (enum kind)one->kind : INTEGER;
}

bool unsock_socket_option_read(const char *text, struct unsock_control_sockopt *option, struct unsock_text *error) {
    static const char expected[][32] = {"a 32-bit number", "seconds, such as 2.5", "TYPE:INSTANCE:SCOPE:FLAGS"};
    struct unsock_span rest = unsock_span_of(text), name = unsock_span_next(&rest, '=');
    *option = (struct unsock_control_sockopt){.group = 0};
    if (rest.at == name.at + name.length) {
        unsock_text_join(error, "--sockopt: not NAME=VALUE: \"", text, "\"");
        return false;
    }
    if (!read_name(name, option)) {
        unsock_text_join(error, "--sockopt: ",
                         unsock_begins(text, "SO_VM_") ? "its 64-bit value or number 0 does not fit a control file"
                                                       : "unknown",
                         ": \"");
        unsock_text_span(error, name);
        unsock_text_put(error, "\" (a name like SO_RCVBUF, or LEVEL:NUMBER)");
        return false;
    }
    enum kind kind = kind_of(option);
    bool good = kind == INTEGER   ? read_integer(rest, option->value)
                : kind == SECONDS ? read_seconds(rest, option->value)
                                  : read_group(rest, option->value);
    if (good)
        return true;
    unsock_text_put(error, "--sockopt: ");
    unsock_text_span(error, name);
    unsock_text_join(error, " needs ", expected[kind], ": \"", text, "\"");
    return false;
}

static void put_signed(struct unsock_text *text, int64_t number) {
    unsock_text_put(text, number < 0 ? "-" : "");
    unsock_text_number(text, number < 0 ? 0 - (uint64_t)number : (uint64_t)number, 10, 1);
}

static void put_seconds(struct unsock_text *text, const uint8_t *value) {
    struct unsock_timeval time;
    memcpy(&time, value, sizeof(time));
    put_signed(text, time.seconds);
    if (time.microseconds == 0)
        return;
    unsock_text_put(text, time.microseconds < 0 ? ".-" : ".");
    unsock_text_number(text, time.microseconds < 0 ? 0 - (uint64_t)time.microseconds : (uint64_t)time.microseconds, 10,
                       MICROSECONDS_DIGITS);
    while (text->length > 0 && text->buffer[text->length - 1] == '0')
        text->buffer[--text->length] = '\0';
}

void unsock_socket_option_put(struct unsock_text *text, const struct unsock_control_sockopt *option) {
    const struct known *one = find(option->group, option->key);
    uint32_t words[GROUP_WORDS];
    memcpy(words, option->value, sizeof(words));
    if (one) {
        unsock_text_put(text, one->name);
    } else {
        unsock_text_number(text, option->group, 10, 1);
        unsock_text_char(text, ':');
        unsock_text_number(text, option->key, 10, 1);
    }
    unsock_text_char(text, '=');
    enum kind kind = kind_of(option);
    if (kind == SECONDS)
        put_seconds(text, option->value);
    if (kind == INTEGER)
        put_signed(text, (int32_t)words[0]);
    for (int i = 0; kind == TIPC_GROUP && i < GROUP_WORDS; i++) {
        unsock_text_put(text, i > 0 ? ":" : "");
        unsock_text_number(text, words[i], 10, 1);
    }
}
