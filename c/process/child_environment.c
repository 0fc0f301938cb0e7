/* Keeps the variables that the library needs in child processes, and adds them to environments that lack them. */
#include "process/start.h"

#include "../build/tables.h"
#include "process/exec.h"
#include "rt/system_calls.h"
#include "unsock.h"

#define PRELOAD "LD_PRELOAD="
#define USUAL_SIZE 1024
#define SETTING(variable, name) +1
_Static_assert(UNSOCK_SETTING_ROWS <= UNSOCK_CHILD_ENVIRONMENT_MOST, "process/start.h");

/* Memory for the NAME=VALUE strings, LD_PRELOAD's first. If they do not fit, mapped memory is used. */
static char usual[USUAL_SIZE];
static const char *library_file;
static const char *preload; /* "LD_PRELOAD=FILE"; NULL: LD_PRELOAD is never changed */
static const char *settings[UNSOCK_CHILD_ENVIRONMENT_MOST];
static unsigned setting_count;

void unsock_child_environment_take(const char *const *environment, struct unsock_span own_file) {
    size_t size = sizeof(PRELOAD) + own_file.length;
    const char *name, *value;
    for (unsigned i = 0; environment && (name = unsock_setting_name(i)); i++) {
        if ((value = unsock_environment_get(environment, name)))
            size += strlen(name) + strlen(value) + 2;
    }
    char *room = size <= sizeof(usual) ? usual : unsock_map(size);
    if (!room)
        return;
    struct unsock_text text;
    if (own_file.length > 0) {
        text = unsock_text_in(room, size);
        unsock_text_put(&text, PRELOAD);
        unsock_text_span(&text, own_file);
        library_file = room + sizeof(PRELOAD) - 1;
        preload = environment ? room : NULL;
        room += text.length + 1;
        size -= text.length + 1;
    }
    setting_count = 0;
    for (unsigned i = 0; environment && (name = unsock_setting_name(i)); i++) {
        /* UNSOCK_OFF is for one process, not for its children. */
        if (unsock_span_is(unsock_span_of(name), "UNSOCK_OFF") || !(value = unsock_environment_get(environment, name)))
            continue;
        text = unsock_text_in(room, size);
        unsock_text_join(&text, name, "=", value);
        settings[setting_count++] = room;
        room += text.length + 1;
        size -= text.length + 1;
    }
}

const char *unsock_child_environment_file(void) {
    return library_file;
}

/* Finds the variable that starts with the same NAME= as `named`. Returns its place in the environment, or NULL. */
static const char *const *find_variable(const char *const *environment, const char *named) {
    for (; environment && *environment; environment++) {
        size_t i = 0;
        while ((*environment)[i] == named[i] && named[i] != '=')
            i++;
        if (named[i] == '=' && (*environment)[i] == '=')
            return environment;
    }
    return NULL;
}

static bool has_library(const char *variable) {
    return unsock_preload_has(variable + sizeof(PRELOAD) - 1, library_file);
}

bool unsock_child_environment_lacks(const char *const *environment) {
    if (unsock_environment_is_off(environment))
        return false;
    const char *const *old = preload ? find_variable(environment, PRELOAD) : NULL;
    if (preload && (!old || !has_library(*old)))
        return true;
    for (unsigned i = 0; i < setting_count; i++) {
        if (!find_variable(environment, settings[i]))
            return true;
    }
    return false;
}

size_t unsock_child_environment_room(const char *const *environment) {
    const char *const *old = preload ? find_variable(environment, PRELOAD) : NULL;
    return old ? strlen(preload) + strlen(*old) + 2 : 0;
}

size_t unsock_child_environment_complete(const char *const *environment, const char **complete, char *room,
                                         size_t size) {
    size_t count = 0;
    const char *const *old = preload ? find_variable(environment, PRELOAD) : NULL;
    bool lacks = !unsock_environment_is_off(environment);
    bool add = lacks && old && !has_library(*old);
    if (add) {
        struct unsock_text text = unsock_text_in(room, size);
        unsock_text_put(&text, PRELOAD);
        unsock_preload_put(&text, library_file, *old + sizeof(PRELOAD) - 1);
    }
    for (const char *const *at = environment; at && *at; at++)
        complete[count++] = add && at == old ? room : *at;
    if (lacks && preload && !old)
        complete[count++] = preload;
    for (unsigned i = 0; lacks && i < setting_count; i++) {
        if (!find_variable(environment, settings[i]))
            complete[count++] = settings[i];
    }
    complete[count] = NULL;
    return count;
}
