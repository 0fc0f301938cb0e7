/* Names of settings, and of what is none. */
#include "rules/setting_names.h"

#include "rt/mem.h"

#include <stdint.h>

#define PREFIX "UNSOCK_"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define NAME_MOST 48
#define SLIPS_NONE 255

/* Read by others: the command line, the tests, the library as a program that makes a control file. */
static const char others[][24] = {
    "UNSOCK_LIB",        "UNSOCK_DEBUG",      "UNSOCK_MUST_WORK",  "UNSOCK_FILE",
    "UNSOCK_FC_SOCK",    "UNSOCK_VSOCK_PORT", "UNSOCK_VSOCK_CID",  "UNSOCK_TIPC_ADDRTYPE",
    "UNSOCK_TIPC_SCOPE", "UNSOCK_TIPC_TYPE",  "UNSOCK_TIPC_LOWER", "UNSOCK_TIPC_UPPER",
};
#define OTHERS (sizeof(others) / sizeof(others[0]))
#define TESTS "UNSOCK_TEST_"

static bool begins(struct unsock_span span, const char *with) {
    size_t length = strlen(with);
    return span.length >= length && unsock_same(span.at, with, length);
}

static const char *known(unsigned index, const char *(*name_of)(unsigned)) {
    unsigned settings = 0;
    while (name_of(settings))
        settings++;
    if (index < settings)
        return name_of(index);
    return index - settings < OTHERS ? others[index - settings] : NULL;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* How many letters to insert, remove, replace or swap with the next one. */
static unsigned slips(struct unsock_span a, struct unsock_span b) {
    uint8_t rows[3][NAME_MOST + 1];
    if (a.length > NAME_MOST || b.length > NAME_MOST)
        return SLIPS_NONE;
    for (size_t column = 0; column <= b.length; column++)
        rows[0][column] = (uint8_t)column;
    for (size_t row = 1; row <= a.length; row++) {
        uint8_t *next = rows[row % 3], *last = rows[(row + 2) % 3], *before = rows[(row + 1) % 3];
        next[0] = (uint8_t)row;
        for (size_t column = 1; column <= b.length; column++) {
            unsigned most = last[column - 1] + (a.at[row - 1] == b.at[column - 1] ? 0 : 1);
            most = least(most, least(last[column], next[column - 1]) + 1);
            if (row > 1 && column > 1 && a.at[row - 1] == b.at[column - 2] && a.at[row - 2] == b.at[column - 1])
                most = least(most, before[column - 2] + 1);
            next[column] = (uint8_t)most;
        }
    }
    return rows[a.length % 3][b.length];
}

/* The one that `name` begins, or that is a slip or two away. */
static const char *nearest(struct unsock_span name, const char *(*name_of)(unsigned)) {
    const char *found = NULL, *candidate;
    size_t letters = name.length - PREFIX_LENGTH;
    if (letters < 2)
        return NULL;
    for (unsigned i = 0; (candidate = known(i, name_of)); i++) {
        struct unsock_span span = unsock_span_of(candidate);
        if (span.length > name.length && unsock_same(span.at, name.at, name.length))
            return candidate;
    }
    unsigned most = letters < 6 ? 1 : (unsigned)letters / 3;
    for (unsigned i = 0; (candidate = known(i, name_of)); i++) {
        unsigned distance = slips(name, unsock_span_of(candidate));
        if (distance <= most) {
            most = distance - 1;
            found = candidate;
        }
    }
    return found;
}

static bool refuse(struct unsock_span name, const char *(*name_of)(unsigned), struct unsock_text *error) {
    const char *meant = nearest(name, name_of);
    for (size_t i = 0; i < name.length && i < NAME_MOST; i++) {
        char c = name.at[i];
        bool plain = c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        unsock_text_char(error, plain ? c : '?');
    }
    unsock_text_put(error, ": no such setting: ");
    unsock_text_put(error, meant ? "did you mean " : "the manual page libunsock(7) has all");
    unsock_text_put(error, meant ? meant : "");
    unsock_text_put(error, meant ? "?" : "");
    return false;
}

bool unsock_setting_names_check(const struct unsock_environment *environment, const char *(*name_of)(unsigned index),
                                struct unsock_text *error) {
    const char *entry, *candidate;
    for (size_t at = 0; (entry = unsock_environment_next(environment, &at));) {
        struct unsock_span value = unsock_span_of(entry);
        if (!begins(value, PREFIX))
            continue;
        struct unsock_span name = unsock_span_next(&value, '=');
        bool is_known = value.length == 0 || begins(name, TESTS);
        for (unsigned i = 0; !is_known && (candidate = known(i, name_of)); i++)
            is_known = unsock_span_is(name, candidate);
        if (!is_known)
            return refuse(name, name_of, error);
    }
    return true;
}
