/* Finds names that are no settings, and the setting that was meant. */
#include "rules/environment.h"

#include "../build/tables.h"
#include "rules/words.h"

#define PREFIX "UNSOCK_"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define NAME_MOST 48

/* The settings, then the variables of the command line, of the tests, and of control files as in unsock 1.1. */
#define SETTING(variable, name) variable,
static const char names[][32] = {UNSOCK_SETTING_ROWS UNSOCK_OTHER_VARIABLES};
#define TESTS "UNSOCK_TEST_"

static const char *known_name(const void *context, unsigned index) {
    (void)context;
    return index < sizeof(names) / sizeof(names[0]) ? names[index] : NULL;
}

static bool refuse_name(struct unsock_span name, struct unsock_text *error) {
    const char *meant = unsock_nearest(name, PREFIX_LENGTH, known_name, NULL);
    for (size_t i = 0; i < name.length && i < NAME_MOST; i++) {
        char c = name.at[i];
        bool plain = c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        unsock_text_char(error, plain ? c : '?');
    }
    return unsock_text_fail(error,
                            ": no such setting: ", meant ? "did you mean " : "the manual page libunsock(7) has all",
                            meant ? meant : "", meant ? "?" : "");
}

bool unsock_setting_names_check(const char *const *environment, struct unsock_text *error) {
    const char *candidate;
    for (const char *const *entry = environment; *entry; entry++) {
        if (!unsock_begins(*entry, PREFIX))
            continue;
        struct unsock_span value = unsock_span_of(*entry);
        struct unsock_span name = unsock_span_next(&value, '=');
        bool is_known = value.length == 0 || unsock_begins(*entry, TESTS);
        for (unsigned i = 0; !is_known && (candidate = known_name(NULL, i)); i++)
            is_known = unsock_span_is(name, candidate);
        if (!is_known)
            return refuse_name(name, error);
    }
    return true;
}
