/* Reads a command's words by its table of options. A word that is no option and no option's value is an operand. */
#include "program/options.h"

#include "../build/tables.h"
#include "rules/words.h"

_Static_assert(UNSOCK_OPTIONS_NEEDED <= UNSOCK_OPTIONS_MOST, "there is room for what was given");

const struct unsock_option unsock_option_rows[] = {UNSOCK_OPTION_ROWS};

/* Former names of options, which still work. */
static const char former[][2][24] = {UNSOCK_FORMER_OPTIONS};

static const struct unsock_option_table commands[] = {UNSOCK_COMMAND_ROWS};

const struct unsock_option_table *unsock_option_table_find(const char *command) {
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (unsock_span_is(unsock_span_of(command), commands[i].command))
            return &commands[i];
    return NULL;
}

struct reading {
    struct unsock_options *options;
    struct unsock_text *error;
    bool empty[UNSOCK_OPTIONS_MOST]; /* at least once given without its required value */
    const char *too_many;            /* a flag given too often; NULL: none */
    struct unsock_span unknown;
};

/* Returns the number of the option with this name, current or former; the table's count if there is none. */
static unsigned find_option(const struct unsock_option_table *table, struct unsock_span flag) {
    for (unsigned i = 0; i < table->count; i++)
        if (unsock_span_is(flag, unsock_option_at(table, i)->flag))
            return i;
    for (unsigned i = 0; i < sizeof(former) / sizeof(former[0]); i++)
        if (unsock_span_is(flag, former[i][0]))
            return find_option(table, unsock_span_of(former[i][1]));
    return table->count;
}

/* True if the next word is the option's value, even "-1", so that the message about `--timeout -1` names --timeout. */
static bool is_value(const char *next) {
    return next && (next[0] != '-' || next[1] == '\0' || (next[1] >= '0' && next[1] <= '9'));
}

/* Reads one option. Returns the number of words that the option takes: 1, or 2 with its value. */
static unsigned take_option(struct reading *reading, const char *const *words) {
    struct unsock_options *options = reading->options;
    struct unsock_span rest = unsock_span_of(words[0]), flag = unsock_span_next(&rest, '=');
    const char *value = rest.at == flag.at + flag.length ? NULL : rest.at;
    bool is_long = words[0][1] == '-', is_help = unsock_span_is(flag, "-h") || unsock_span_is(flag, "--help");
    unsigned number = is_long ? find_option(options->table, flag) : options->table->count;
    if (is_help && !value) {
        options->help = true;
        return 1;
    }
    if (number == options->table->count) {
        if (reading->unknown.length == 0)
            reading->unknown = flag;
        return is_long && is_value(words[1]) ? 2 : 1;
    }
    const struct unsock_option *option = unsock_option_at(options->table, number);
    bool takes_next = option->value[0] != '\0' && option->kind != UNSOCK_OPTION_MAYBE;
    unsigned taken = !value && takes_next && is_value(words[1]) ? 2 : 1;
    options->values[number] = taken == 2 ? words[1] : value ? value : "";
    reading->empty[number] |= takes_next && option->kind != UNSOCK_OPTION_BARE && options->values[number][0] == '\0';
    if (option->kind == UNSOCK_OPTION_EACH && options->each_count == UNSOCK_OPTIONS_EACH_MOST)
        reading->too_many = option->flag;
    else if (option->kind == UNSOCK_OPTION_EACH)
        options->each[options->each_count++] = options->values[number];
    return taken;
}

/* Stores an operand. Stores at most one more than a command can have, so that unsock_options_read finds too many. */
static void take_operand(struct unsock_options *options, const char *word) {
    if (options->operand_count <= UNSOCK_OPERANDS_MOST)
        options->operands[options->operand_count++] = word;
}

static void take_words(struct reading *reading, const char *const *words) {
    bool is_wrapper = reading->options->table->is_wrapper;
    while (*words && !unsock_span_is(unsock_span_of(*words), "--")) {
        bool is_option = (*words)[0] == '-' && (*words)[1] != '\0';
        if (!is_option && is_wrapper)
            break;
        if (!is_option)
            take_operand(reading->options, *words);
        words += is_option ? take_option(reading, words) : 1;
    }
    words += *words && unsock_span_is(unsock_span_of(*words), "--");
    reading->options->command = words;
    for (; !is_wrapper && *words; words++)
        take_operand(reading->options, *words);
}

static bool check_value(const struct reading *reading, unsigned number) {
    const struct unsock_option *option = unsock_option_at(reading->options->table, number);
    const char *value = reading->options->values[number], *command = reading->options->table->command;
    if (!value)
        return true;
    if (option->value[0] == '\0' && value[0] != '\0') {
        unsock_text_join(reading->error, command, ": ");
        return unsock_text_refuse(reading->error, option->flag, "takes no value", value);
    }
    if (!reading->empty[number])
        return true;
    unsock_text_join(reading->error, command, ": ", option->flag, ": empty: write ", option->flag, "=");
    for (const char *c = option->value; *c != '\0'; c++)
        unsock_text_char(reading->error, (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c));
    return false;
}

/* Returns candidate number `index` for the flag that the user meant: the table's flags, then "--help", then NULL. */
static const char *flag_of(const void *of_table, unsigned index) {
    const struct unsock_option_table *table = of_table;
    return index < table->count ? unsock_option_at(table, index)->flag : index == table->count ? "--help" : NULL;
}

static bool refuse_unknown(const struct reading *reading) {
    const struct unsock_option_table *table = reading->options->table;
    struct unsock_span word = reading->unknown;
    const char *meant = unsock_nearest(word, unsock_begins(word.at, "--") ? 2 : 1, flag_of, table);
    unsock_text_join(reading->error, table->command, ": unknown option '");
    unsock_text_span(reading->error, word);
    return unsock_text_fail(reading->error, meant ? "': did you mean " : "': see --help", meant ? meant : "",
                            meant ? "?" : "");
}

bool unsock_options_read(const struct unsock_option_table *table, const char *const *words,
                         struct unsock_options *options, struct unsock_text *error) {
    struct reading reading = {.options = options, .error = error};
    memset(options, 0, sizeof(*options));
    options->table = table;
    take_words(&reading, words);
    if (options->help)
        return true;
    for (unsigned i = 0; i < table->count; i++)
        if (!check_value(&reading, i))
            return false;
    if (reading.unknown.length > 0)
        return refuse_unknown(&reading);
    if (reading.too_many)
        return unsock_text_fail(error, table->command, ": ", reading.too_many, ": more than ",
                                UNSOCK_DECIMAL(UNSOCK_OPTIONS_EACH_MOST));
    if (!table->is_wrapper && options->operand_count > table->operands_most)
        return unsock_text_refuse(error, table->command, "too many arguments", options->operands[table->operands_most]);
    return table->is_wrapper || options->operand_count >= table->operands_least ||
           unsock_text_fail(error, table->command, ": ", table->operand, " is missing");
}

bool unsock_choose_directory(const struct unsock_command_call *call, struct unsock_run_directory *directory,
                             struct unsock_text *error) {
    const char *dir = unsock_options_value(call->options, "--dir");
    if (!unsock_options_value(call->options, "--here"))
        return unsock_run_directory_choose(dir, call->environment, directory, error);
    if (dir)
        return unsock_text_fail(error, "--here and --dir exclude each other: leave out one");
    return unsock_checkout_choose(call->environment, unsock_options_value(call->options, "--force"), directory, error);
}

const char *unsock_options_value(const struct unsock_options *options, const char *flag) {
    unsigned number = find_option(options->table, unsock_span_of(flag));
    return number < options->table->count ? options->values[number] : NULL;
}
