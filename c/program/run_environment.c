/* Makes the command's environment from the options of `run`, and prints it for --dry-run. Except for LD_PRELOAD, only
 * variables of unsock's change; the others stay as they are, byte by byte. */
#include "program/run.h"

#include "../build/tables.h"

#define ADDED_STRINGS 24
#define ADDED_BYTES (ADDED_STRINGS * 64 + 4 * UNSOCK_PATH_MOST)
#define DIRECTORY "UNSOCK_DIR"
#define EACH "UNSOCK_EACH"
#define NOBODY "0000000:"
#define NONE "none"
#define TRUST "UNSOCK_TRUST"
#define VSOCK "vsock"
#define CONVERT_VSOCK "UNSOCK_ACCEPT_CONVERT_VSOCK"

/* Removes all but the first `kept` variables of this name. Returns the first's index; if none, the list's length. */
static size_t reduce(struct unsock_run_environment *environment, const char *name, size_t kept) {
    size_t to = 0, found = 0, place = SIZE_MAX;
    for (size_t from = 0; from < environment->count; from++) {
        const char *string = environment->list[from];
        bool same = unsock_begins(string, name) && string[strlen(name)] == '=';
        if (same && found == 0)
            place = to;
        if (!same || found < kept)
            environment->list[to++] = string;
        found += same;
    }
    environment->count = to;
    environment->list[to] = NULL;
    return UNSOCK_MIN(place, to);
}

/* Sets a variable: in its old place in the list, or at the end. */
static void set_variable(struct unsock_run_environment *environment, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + 2;
    char *string = unsock_exec_space_cut(environment->space, size);
    if (!string)
        return;
    struct unsock_text text = unsock_text_in(string, size);
    unsock_text_join(&text, name, "=", value);
    size_t place = reduce(environment, name, 1);
    environment->list[place] = string;
    if (place == environment->count)
        environment->list[++environment->count] = NULL;
}

static bool choose(struct unsock_run_environment *environment, const struct unsock_option *option, const char *value,
                   struct unsock_text *error) {
    struct unsock_span choice = unsock_span_of(value ? value : option->otherwise);
    if (!value && (unsock_environment_get(environment->list, option->variable) ||
                   unsock_environment_get(environment->list, CONVERT_VSOCK)))
        return true;
    bool all = unsock_span_is(choice, option->otherwise), vsock = unsock_span_is(choice, VSOCK);
    if (!all && !vsock && !unsock_span_is(choice, NONE))
        return unsock_text_fail(error, option->flag, ": neither ", option->otherwise, ", " VSOCK " nor " NONE ": \"",
                                value, "\"");
    reduce(environment, option->variable, 0);
    reduce(environment, CONVERT_VSOCK, 0);
    if (all || vsock)
        set_variable(environment, all ? option->variable : CONVERT_VSOCK, "1");
    return true;
}

/* Sets the variable of --log. Makes a relative path absolute, as the library requires. */
static bool set_log(struct unsock_run_environment *environment, const struct unsock_option *option, const char *value,
                    struct unsock_text *error) {
    char path[UNSOCK_PATH_MOST];
    const char *file = value[0] != '\0' ? value : "stderr";
    if (file[0] != '/' && !unsock_span_is(unsock_span_of(file), "stderr")) {
        if (!unsock_run_resolve_named("--log", file, path, error))
            return false;
        file = path;
    }
    set_variable(environment, option->variable, file);
    return true;
}

static bool apply(struct unsock_run_environment *environment, const struct unsock_option *option, const char *value,
                  struct unsock_text *error) {
    if (option->kind == UNSOCK_OPTION_CHOICE)
        return choose(environment, option, value, error);
    if (option->kind == UNSOCK_OPTION_MAYBE)
        return !value || set_log(environment, option, value, error);
    bool is_switch = option->kind == UNSOCK_OPTION_SWITCH, sets = is_switch || option->kind == UNSOCK_OPTION_VALUE;
    if (sets && !value && option->otherwise[0] != '\0' && !unsock_environment_get(environment->list, option->variable))
        value = option->otherwise;
    if (sets && value)
        set_variable(environment, option->variable, is_switch ? "1" : value);
    return true;
}

static void put_library(struct unsock_run_environment *environment, const char *library) {
    const char *before = unsock_environment_get(environment->list, "LD_PRELOAD");
    size_t size = strlen(library) + (before ? strlen(before) : 0) + 2;
    char *value = unsock_exec_space_cut(environment->space, size);
    if (!value)
        return;
    struct unsock_text text = unsock_text_in(value, size);
    unsock_preload_put(&text, library, before ? before : "");
    set_variable(environment, "LD_PRELOAD", value);
}

/* Checks the settings. The message about a wrong setting names what the user wrote: the option, or the variable. */
static bool check_settings(const struct unsock_run_environment *environment, const struct unsock_options *given,
                           struct unsock_text *error) {
    UNSOCK_TEXT(line, 1024);
    const char *own[UNSOCK_ENVIRONMENT_OWN];
    if (unsock_settings_read(unsock_environment_own(environment->list, own), &unsock_settings, &line))
        return true;
    struct unsock_span rest = {line.buffer, line.length};
    struct unsock_span name = unsock_span_next(&rest, ':');
    for (unsigned i = 0; i < given->table->count; i++) {
        const struct unsock_option *option = unsock_option_at(given->table, i);
        if (given->values[i] && unsock_span_is(name, option->variable))
            return unsock_text_fail(error, option->flag, ":", rest.at);
    }
    return unsock_text_fail(error, line.buffer);
}

/* Sets UNSOCK_EACH for --each (process/each.c), with the process number 0: no process is the runner yet. Without
 * --each, removes UNSOCK_EACH unless the caller uses the same directory: in another directory, the command is not part
 * of the work of the caller's runner. */
static void put_each(struct unsock_run_environment *environment, const char *names, const char *directory,
                     const char *const *caller) {
    const char *before = unsock_environment_get(caller, DIRECTORY);
    size_t size = sizeof(NOBODY UNSOCK_RUNNERS) + (names ? strlen(names) : 0);
    char *value = names ? unsock_exec_space_cut(environment->space, size) : NULL;
    if (value) {
        struct unsock_text text = unsock_text_in(value, size);
        unsock_text_join(&text, NOBODY, names[0] != '\0' ? names : UNSOCK_RUNNERS);
        set_variable(environment, EACH, value);
    } else if (!before || !directory || !unsock_span_is(unsock_span_of(before), directory)) {
        reduce(environment, EACH, 0);
    }
}

static size_t room_for(const char *const *caller, const struct unsock_options *given, size_t *count) {
    const char *before = unsock_environment_get(caller, "LD_PRELOAD");
    size_t size = ADDED_BYTES + 2 * (before ? strlen(before) : 0);
    for (unsigned i = 0; i < UNSOCK_OPTIONS_MOST; i++)
        size += given->values[i] ? strlen(given->values[i]) : 0;
    *count = unsock_list_length(caller);
    return size + (*count + ADDED_STRINGS + 1) * sizeof(char *);
}

bool unsock_run_environment_make(const struct unsock_options *given, bool trusts, const char *const *caller,
                                 const char *directory, const char *library, struct unsock_run_environment *environment,
                                 struct unsock_text *error) {
    size_t count, size = room_for(caller, given, &count);
    environment->space = unsock_exec_space_enter(size);
    environment->list = environment->space
                            ? unsock_exec_space_cut(environment->space, (count + ADDED_STRINGS + 1) * sizeof(char *))
                            : NULL;
    if (!environment->list)
        return unsock_text_fail(error, "run: out of memory");
    memcpy(environment->list, caller, (count + 1) * sizeof(char *));
    environment->count = count;
    for (unsigned i = 0; i < given->table->count; i++) {
        const struct unsock_option *option = unsock_option_at(given->table, i);
        struct unsock_span flag = unsock_span_of(option->flag);
        const char *value = unsock_span_is(flag, "--dir") ? directory : given->values[i];
        /* With --group, socket files need this mode, unless the user has set another. */
        if (!value && unsock_options_value(given, "--group") && unsock_span_is(flag, "--mode") &&
            !unsock_environment_get(environment->list, option->variable))
            value = UNSOCK_GROUP_FILE_MODE;
        if (!apply(environment, option, value, error))
            return false;
    }
    put_each(environment, unsock_options_value(given, "--each"), directory, caller);
    if (trusts)
        set_variable(environment, TRUST, "1");
    put_library(environment, library);
    return check_settings(environment, given, error);
}

/* Prints a word for a POSIX shell: in quotes, unless all its characters are safe. */
static void print_quoted(const char *text) {
    bool bare = text[0] != '\0';
    for (const char *c = text; *c != '\0'; c++)
        bare &= ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') || (*c >= '0' && *c <= '9') ||
                unsock_span_has(unsock_span_of("_@%+=:,./-"), *c);
    unsock_print(bare ? text : "'");
    if (bare)
        return;
    for (; *text != '\0'; text++)
        unsock_print(*text == '\'' ? "'\\''" : (const char[]){*text, '\0'});
    unsock_print_char('\'');
}

bool unsock_run_is_ours(const char *string, const char *const *caller) {
    bool is_named = unsock_begins(string, "UNSOCK_");
    while (!is_named && *caller && !unsock_span_is(unsock_span_of(string), *caller))
        caller++;
    return is_named || !*caller;
}

int unsock_run_print(const char *const *environment, const char *const *caller, const char *const *command,
                     struct unsock_text *error) {
    for (; *environment; environment++) {
        struct unsock_span value = unsock_span_of(*environment), name = unsock_span_next(&value, '=');
        if (!unsock_run_is_ours(*environment, caller))
            continue;
        for (size_t i = 0; i < name.length; i++)
            unsock_print_char(name.at[i]);
        unsock_print_char('=');
        print_quoted(value.at);
        unsock_print(" \\\n");
    }
    for (const char *const *word = command; *word; word++) {
        print_quoted(*word);
        unsock_print_char(word[1] ? ' ' : '\n');
    }
    return unsock_print_end(0, UNSOCK_RUN_FAILED, error);
}
