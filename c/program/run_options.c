/* Those that are no settings are sorted out by name. */
#include "program/run.h"

#include "process/run_directory.h"

static const struct unsock_option list[] = {
    {"--dir", "directory", "UNSOCK_DIR", UNSOCK_OPTION_VALUE, ""},
    {"--addr", "list", "UNSOCK_ADDR", UNSOCK_OPTION_VALUE, "127.0.0.1/8,0.0.0.0,::1,::"},
    {"--port", "list", "UNSOCK_PORT", UNSOCK_OPTION_VALUE, ""},
    {"--mode", "octal", "UNSOCK_MODE", UNSOCK_OPTION_VALUE, ""},
    {"--connect-timeout-ms", "n", "UNSOCK_CONNECT_TIMEOUT_MS", UNSOCK_OPTION_VALUE, ""},
    {"--log", "file", "UNSOCK_LOG", UNSOCK_OPTION_MAYBE, ""},
    {"--block-inet", "", "UNSOCK_BLOCK_INET", UNSOCK_OPTION_SWITCH, ""},
    {"--block-inet6", "", "UNSOCK_BLOCK_INET6", UNSOCK_OPTION_SWITCH, ""},
    {"--accept-convert", "which", "UNSOCK_ACCEPT_CONVERT_ALL", UNSOCK_OPTION_CHOICE, "all"},
    {"--accept-as", "range", "UNSOCK_ACCEPT_AS", UNSOCK_OPTION_VALUE, ""},
    {"--fallback", "", "UNSOCK_FALLBACK", UNSOCK_OPTION_SWITCH, ""},
    {"--one-address", "", "UNSOCK_ONE_ADDRESS", UNSOCK_OPTION_SWITCH, ""},
    {"--engine", "auto|trap|preload", "UNSOCK_ENGINE", UNSOCK_OPTION_VALUE, ""},
    {"--strict", "", "UNSOCK_STRICT", UNSOCK_OPTION_SWITCH, ""},
    {"--group", "group", "", UNSOCK_OPTION_OTHER, ""},
    {"--dir-mode", "octal", "", UNSOCK_OPTION_OTHER, ""},
    {"--name", "name", "", UNSOCK_OPTION_OTHER, ""},
    {"--map", "port[/udp]=path", "", UNSOCK_OPTION_EACH, ""},
    {"--keep", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--private", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--isolate", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--lib", "file", "", UNSOCK_OPTION_OTHER, ""},
    {"--force", "", "", UNSOCK_OPTION_OTHER, ""},
    {"--dry-run", "", "", UNSOCK_OPTION_OTHER, ""},
};

#define OPTIONS (sizeof(list) / sizeof(list[0]))
_Static_assert(OPTIONS <= UNSOCK_OPTIONS_MOST, "there is room for what was given");
_Static_assert(UNSOCK_RUN_MAPS_MOST <= UNSOCK_OPTIONS_EACH_MOST, "and for each map");

struct unsock_option_table unsock_run_option_table(void) {
    return (struct unsock_option_table){.command = "run",
                                        .options = list,
                                        .count = OPTIONS,
                                        .is_wrapper = true,
                                        .operand = "[--] COMMAND [ARG...]",
                                        .each_most = UNSOCK_RUN_MAPS_MOST};
}

const struct unsock_option *unsock_run_option_at(unsigned index) {
    return index < OPTIONS ? &list[index] : NULL;
}

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
    for (unsigned i = 0; i < OPTIONS && !options->insists; i++) {
        if (given->values[i] && insists(list[i].flag))
            options->insists = list[i].flag;
    }
}

void unsock_run_options_for_group(struct unsock_run_options *options, const struct unsock_environment *caller) {
    if (!options->group || unsock_environment_get(caller, "UNSOCK_MODE"))
        return;
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (unsock_span_is(unsock_span_of("--mode"), list[i].flag) && !options->given.values[i])
            options->given.values[i] = UNSOCK_GROUP_FILE_MODE;
    }
}

bool unsock_run_options_read(const char *const *words, struct unsock_run_options *options, struct unsock_text *error) {
    struct unsock_option_table table = unsock_run_option_table();
    memset(options, 0, sizeof(*options));
    if (!unsock_options_read(&table, words, &options->given, error))
        return false;
    if (!options->given.help)
        sort_out(options);
    options->given.table = NULL;
    return true;
}
