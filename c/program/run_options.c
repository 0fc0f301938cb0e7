/* Those that are no settings are sorted out by name. */
#include "program/run.h"

#include "process/run_directory.h"

/* Does it promise that nothing is sent past unsock? What takes that back is refused. */
static bool insists(const char *flag) {
    static const char flags[][16] = {"--strict", "--block-inet", "--private", "--isolate"};
    for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (unsock_span_is(unsock_span_of(flag), flags[i]))
            return true;
    }
    return false;
}

/* What those that are no settings mean. */
static void sort_out(struct unsock_run_options *options) {
    const struct unsock_options *given = &options->given;
    options->directory = unsock_options_value(given, "--dir");
    options->group = unsock_options_value(given, "--group");
    options->directory_mode = unsock_options_value(given, "--dir-mode");
    options->name = unsock_options_value(given, "--name");
    options->library = unsock_options_value(given, "--lib");
    options->keep = unsock_options_value(given, "--keep") != NULL;
    options->private = unsock_options_value(given, "--private") != NULL;
    options->isolate = unsock_options_value(given, "--isolate") != NULL;
    options->force = options->trust = unsock_options_value(given, "--force") != NULL;
    options->dry_run = unsock_options_value(given, "--dry-run") != NULL;
    for (unsigned i = 0; i < options->table.count && !options->insists; i++) {
        if (given->values[i] && insists(options->table.options[i].flag))
            options->insists = options->table.options[i].flag;
    }
}

void unsock_run_options_for_group(struct unsock_run_options *options, const struct unsock_environment *caller) {
    if (!options->group || unsock_environment_get(caller, "UNSOCK_MODE"))
        return;
    for (unsigned i = 0; i < options->table.count; i++) {
        if (unsock_span_is(unsock_span_of("--mode"), options->table.options[i].flag) && !options->given.values[i])
            options->given.values[i] = UNSOCK_GROUP_FILE_MODE;
    }
}

bool unsock_run_options_read(const char *const *words, struct unsock_run_options *options, struct unsock_text *error) {
    memset(options, 0, sizeof(*options));
    unsock_option_table_find("run", &options->table);
    if (!unsock_options_read(&options->table, words, &options->given, error))
        return false;
    if (!options->given.help)
        sort_out(options);
    return true;
}
