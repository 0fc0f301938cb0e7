/* Finds names that are no settings, and the setting that was meant. */
#include "rules/environment.h"

#include "../build/tables.h"
#include "rules/words.h"

#define PREFIX "UNSOCK_"
#define PREFIX_LENGTH (sizeof(PREFIX) - 1)
#define NAME_MOST 48

/* Variables of the command line, the tests, and the library as a program that makes a control file. */
static const char others[][24] = {UNSOCK_OTHER_VARIABLES};
#define OTHERS (sizeof(others) / sizeof(others[0]))
#define TESTS "UNSOCK_TEST_"

static const char *known_name(const struct unsock_words *words, unsigned index) {
    unsigned settings = 0;
    while (words->name_of(settings))
        settings++;
    if (index < settings)
        return words->name_of(index);
    return index - settings < OTHERS ? others[index - settings] : NULL;
}

static bool refuse_name(struct unsock_span name, const struct unsock_words *words, struct unsock_text *error) {
    const char *meant = unsock_nearest(name, PREFIX_LENGTH, words);
    for (size_t i = 0; i < name.length && i < NAME_MOST; i++) {
        char c = name.at[i];
        bool plain = c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        unsock_text_char(error, plain ? c : '?');
    }
    return unsock_text_fail(error,
                            ": no such setting: ", meant ? "did you mean " : "the manual page libunsock(7) has all",
                            meant ? meant : "", meant ? "?" : "");
}

bool unsock_setting_names_check(const struct unsock_environment *environment, const char *(*name_of)(unsigned index),
                                struct unsock_text *error) {
    const char *entry, *candidate;
    struct unsock_words words = {known_name, name_of};
    for (size_t at = 0; (entry = unsock_environment_next(environment, &at));) {
        if (!unsock_begins(entry, PREFIX))
            continue;
        struct unsock_span value = unsock_span_of(entry);
        struct unsock_span name = unsock_span_next(&value, '=');
        bool is_known = value.length == 0 || unsock_begins(entry, TESTS);
        for (unsigned i = 0; !is_known && (candidate = known_name(&words, i)); i++)
            is_known = unsock_span_is(name, candidate);
        if (!is_known)
            return refuse_name(name, &words, error);
    }
    return true;
}
