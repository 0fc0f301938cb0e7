/* Reads an environment, as a list or as a block. */
#include "rules/environment.h"

const char *unsock_environment_next(const struct unsock_environment *environment, size_t *at) {
    if (environment->list)
        return environment->list[*at] ? environment->list[(*at)++] : NULL;
    size_t end = environment->length;
    while (end > 0 && environment->block[end - 1] != '\0')
        end--;
    if (*at >= end)
        return NULL;
    const char *entry = environment->block + *at;
    *at += strlen(entry) + 1;
    return entry;
}

const char *unsock_environment_get(const struct unsock_environment *environment, const char *name) {
    size_t at = 0, length = strlen(name);
    const char *entry, *value = NULL;
    while (!value && (entry = unsock_environment_next(environment, &at)))
        value = unsock_begins(entry, name) && entry[length] == '=' ? entry + length + 1 : NULL;
    return value && value[0] != '\0' ? value : NULL;
}

struct unsock_environment unsock_environment_own(const struct unsock_environment *whole,
                                                 const char *own[UNSOCK_ENVIRONMENT_OWN]) {
    size_t at = 0, count = 0;
    for (const char *entry; (entry = unsock_environment_next(whole, &at));) {
        if (!unsock_begins(entry, "UNSOCK_") && !unsock_begins(entry, "LD_PRELOAD=") &&
            !unsock_begins(entry, "LISTEN_"))
            continue;
        if (count == UNSOCK_ENVIRONMENT_OWN - 1)
            return *whole;
        own[count++] = entry;
    }
    own[count] = NULL;
    return (struct unsock_environment){.list = own};
}

bool unsock_environment_is_off(const struct unsock_environment *environment) {
    const char *off = unsock_environment_get(environment, "UNSOCK_OFF");
    return off && unsock_span_is(unsock_span_of(off), "1");
}
