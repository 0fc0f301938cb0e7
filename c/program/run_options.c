/* Reading them as lib/system/options.ts does, with its words. */
#include "program/run_options.h"

#include "rt/mem.h"
#include "rules/nearest.h"
#include "unsock.h"

static const struct unsock_run_option table[] = {
    {"--dir", "directory", "UNSOCK_DIR", UNSOCK_RUN_VALUE, ""},
    {"--addr", "list", "UNSOCK_ADDR", UNSOCK_RUN_VALUE, "127.0.0.1/8,0.0.0.0,::1,::"},
    {"--port", "list", "UNSOCK_PORT", UNSOCK_RUN_VALUE, ""},
    {"--mode", "octal", "UNSOCK_MODE", UNSOCK_RUN_VALUE, ""},
    {"--connect-timeout-ms", "n", "UNSOCK_CONNECT_TIMEOUT_MS", UNSOCK_RUN_VALUE, ""},
    {"--log", "file", "UNSOCK_LOG", UNSOCK_RUN_MAYBE, ""},
    {"--block-inet", "", "UNSOCK_BLOCK_INET", UNSOCK_RUN_SWITCH, ""},
    {"--block-inet6", "", "UNSOCK_BLOCK_INET6", UNSOCK_RUN_SWITCH, ""},
    {"--accept-convert", "which", "UNSOCK_ACCEPT_CONVERT_ALL", UNSOCK_RUN_CHOICE, "all"},
    {"--fallback", "", "UNSOCK_FALLBACK", UNSOCK_RUN_SWITCH, ""},
    {"--one-address", "", "UNSOCK_ONE_ADDRESS", UNSOCK_RUN_SWITCH, ""},
    {"--engine", "auto|trap|preload", "UNSOCK_ENGINE", UNSOCK_RUN_VALUE, ""},
    {"--strict", "", "UNSOCK_STRICT", UNSOCK_RUN_SWITCH, ""},
    {"--group", "group", "", UNSOCK_RUN_OTHER, ""},
    {"--dir-mode", "octal", "", UNSOCK_RUN_OTHER, ""},
    {"--map", "port[/udp]=path", "", UNSOCK_RUN_EACH, ""},
    {"--keep", "", "", UNSOCK_RUN_OTHER, ""},
    {"--private", "", "", UNSOCK_RUN_OTHER, ""},
    {"--isolate", "", "", UNSOCK_RUN_OTHER, ""},
    {"--lib", "file", "", UNSOCK_RUN_OTHER, ""},
    {"--force", "", "", UNSOCK_RUN_OTHER, ""},
    {"--dry-run", "", "", UNSOCK_RUN_OTHER, ""},
};

/* What an option was called, and still may be. */
static const char former[][2][24] = {{"--timeout", "--connect-timeout-ms"}};

#define OPTIONS (sizeof(table) / sizeof(table[0]))
_Static_assert(OPTIONS <= UNSOCK_RUN_OPTIONS_MOST, "there is room for what was given");

const struct unsock_run_option *unsock_run_option_at(unsigned index) {
    return index < OPTIONS ? &table[index] : NULL;
}

const char *unsock_run_option_name(unsigned index) {
    return index < OPTIONS ? table[index].flag + sizeof("--") - 1 : NULL;
}

struct reading {
    struct unsock_run_options *options;
    struct unsock_text *error;
    bool empty[OPTIONS]; /* given without the value that it needs, at least once */
    bool too_many;
    struct unsock_span unknown;
};

static unsigned number_of(struct unsock_span flag) {
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (unsock_span_is(flag, table[i].flag))
            return i;
    }
    return OPTIONS;
}

/* Where "--FLAG" or "--FLAG=…" stands in the table; OPTIONS: nowhere. */
static unsigned find(const char *word, const char **value) {
    struct unsock_span rest = unsock_span_of(word), flag = unsock_span_next(&rest, '=');
    *value = rest.at == flag.at + flag.length ? NULL : rest.at;
    for (unsigned i = 0; i < sizeof(former) / sizeof(former[0]); i++) {
        if (unsock_span_is(flag, former[i][0]))
            return number_of(unsock_span_of(former[i][1]));
    }
    return number_of(flag);
}

/* Is the next word this one's value? */
static bool is_value(const char *next) {
    return next && (next[0] != '-' || next[1] == '\0');
}

static void take_unknown(struct reading *reading, const char *word) {
    struct unsock_span rest = unsock_span_of(word);
    if (reading->unknown.length == 0)
        reading->unknown = unsock_span_next(&rest, '=');
}

static void take_map(struct reading *reading, const char *value) {
    struct unsock_run_options *options = reading->options;
    reading->too_many |= options->map_count == UNSOCK_RUN_MAPS_MOST;
    if (!reading->too_many)
        options->maps[options->map_count++] = value;
}

/* Takes one option. Returns how many words it was. */
static unsigned take(struct reading *reading, const char *const *words) {
    const char *word = words[0], *value = NULL;
    unsigned number = word[1] == '-' ? find(word, &value) : OPTIONS;
    if (unsock_span_is(unsock_span_of(word), "-h") || unsock_span_is(unsock_span_of(word), "--help")) {
        reading->options->help = true;
        return 1;
    }
    if (number == OPTIONS) {
        take_unknown(reading, word);
        return word[1] == '-' && is_value(words[1]) ? 2 : 1;
    }
    bool takes_next = table[number].value[0] != '\0' && table[number].kind != UNSOCK_RUN_MAYBE;
    unsigned taken = !value && takes_next && is_value(words[1]) ? 2 : 1;
    reading->options->values[number] = taken == 2 ? words[1] : value ? value : "";
    reading->empty[number] |= takes_next && reading->options->values[number][0] == '\0';
    if (table[number].kind == UNSOCK_RUN_EACH)
        take_map(reading, reading->options->values[number]);
    return taken;
}

static char upper(char c) {
    return (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static bool check_value(const struct reading *reading, unsigned number) {
    const struct unsock_run_option *option = &table[number];
    const char *value = reading->options->values[number];
    if (!value)
        return true;
    if (option->value[0] == '\0' && value[0] != '\0') {
        unsock_text_join(reading->error, "run: ", option->flag, ": takes no value: \"", value, "\"");
        return false;
    }
    if (!reading->empty[number])
        return true;
    unsock_text_join(reading->error, "run: ", option->flag, ": empty: write ", option->flag, "=");
    for (const char *c = option->value; *c != '\0'; c++)
        unsock_text_char(reading->error, upper(*c));
    return false;
}

/* The flag of each, and "--help" at the end. */
static const char *flag_of(const struct unsock_words *words, unsigned index) {
    (void)words;
    return index < OPTIONS ? table[index].flag : index == OPTIONS ? "--help" : NULL;
}

static bool refuse_unknown(const struct reading *reading) {
    struct unsock_words words = {.word = flag_of};
    struct unsock_span word = reading->unknown;
    size_t dashes = 0;
    while (dashes < word.length && word.at[dashes] == '-')
        dashes++;
    const char *meant = unsock_nearest(word, dashes, &words);
    unsock_text_put(reading->error, "run: unknown option '");
    unsock_text_span(reading->error, word);
    unsock_text_join(reading->error, "'", meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
    return false;
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

static const char *value_of(const struct unsock_run_options *options, const char *flag) {
    return options->values[number_of(unsock_span_of(flag))];
}

/* What those that are no settings mean. */
static void sort_out(struct unsock_run_options *options) {
    options->directory = value_of(options, "--dir");
    options->group = value_of(options, "--group");
    options->directory_mode = value_of(options, "--dir-mode");
    options->library = value_of(options, "--lib");
    options->keep = value_of(options, "--keep") != NULL;
    options->private = value_of(options, "--private") != NULL;
    options->isolate = value_of(options, "--isolate") != NULL;
    options->force = options->trust = value_of(options, "--force") != NULL;
    options->dry_run = value_of(options, "--dry-run") != NULL;
    for (unsigned i = 0; i < OPTIONS && !options->insists; i++) {
        if (options->values[i] && insists(table[i].flag))
            options->insists = table[i].flag;
    }
}

void unsock_run_options_default(struct unsock_run_options *options, const char *flag, const char *value) {
    unsigned number = number_of(unsock_span_of(flag));
    if (!options->values[number])
        options->values[number] = value;
}

bool unsock_run_options_read(const char *const *words, struct unsock_run_options *options, struct unsock_text *error) {
    struct reading reading = {.options = options, .error = error};
    memset(options, 0, sizeof(*options));
    while (*words && (*words)[0] == '-' && (*words)[1] != '\0' && !unsock_span_is(unsock_span_of(*words), "--"))
        words += take(&reading, words);
    if (*words && unsock_span_is(unsock_span_of(*words), "--"))
        words++;
    options->command = words;
    if (options->help)
        return true;
    for (unsigned i = 0; i < OPTIONS; i++) {
        if (!check_value(&reading, i))
            return false;
    }
    if (reading.unknown.length > 0)
        return refuse_unknown(&reading);
    if (reading.too_many) {
        unsock_text_put(error, "run: --map: more than 64");
        return false;
    }
    sort_out(options);
    return true;
}
