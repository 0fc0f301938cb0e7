/* Reads an environment. */
#include "rules/environment.h"

const char *unsock_environment_get(const char *const *environment, const char *name) {
    size_t length = strlen(name);
    while (environment && *environment && !(unsock_begins(*environment, name) && (*environment)[length] == '='))
        environment++;
    const char *value = environment && *environment ? *environment + length + 1 : "";
    return value[0] != '\0' ? value : NULL;
}

const char *const *unsock_environment_own(const char *const *whole, const char *own[UNSOCK_ENVIRONMENT_OWN]) {
    size_t count = 0;
    for (const char *const *entry = whole; *entry; entry++) {
        if (!unsock_begins(*entry, "UNSOCK_") && !unsock_begins(*entry, "LD_PRELOAD=") &&
            !unsock_begins(*entry, "LISTEN_"))
            continue;
        if (count == UNSOCK_ENVIRONMENT_OWN - 1)
            return whole;
        own[count++] = *entry;
    }
    own[count] = NULL;
    return own;
}

bool unsock_environment_of_block(const char *block, size_t length, const char *own[UNSOCK_ENVIRONMENT_OWN]) {
    size_t count = 0;
    while (length > 0 && block[length - 1] != '\0')
        length--;
    for (size_t at = 0; at < length && count < UNSOCK_ENVIRONMENT_OWN; at += strlen(block + at) + 1)
        own[count++] = block + at;
    if (count < UNSOCK_ENVIRONMENT_OWN)
        own[count] = NULL;
    return count < UNSOCK_ENVIRONMENT_OWN;
}

bool unsock_environment_is_off(const char *const *environment) {
    const char *off = unsock_environment_get(environment, "UNSOCK_OFF");
    return off && unsock_span_is(unsock_span_of(off), "1");
}
