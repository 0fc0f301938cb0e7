/* A word that is no option and none's value is an operand. */
#include "program/options.h"

#include "../build/tables.h"
#include "rules/words.h"

_Static_assert(UNSOCK_OPTIONS_NEEDED <= UNSOCK_OPTIONS_MOST, "there is room for what was given");

static const struct unsock_option rows[] = {UNSOCK_OPTION_ROWS};

/* Former names of options, which may still be used. */
static const char former[][2][24] = {UNSOCK_FORMER_OPTIONS};

/* Arrays and numbers, since pointers would have to be relocated in every process. */
static const struct {
    char name[16];
    char operand[32];
    uint8_t first, count; /* of the rows */
    bool is_wrapper;
    unsigned operands_least, operands_most;
} commands[] = {UNSOCK_COMMAND_ROWS};

bool unsock_option_table_find(const char *command, struct unsock_option_table *table) {
    for (unsigned i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (!unsock_span_is(unsock_span_of(command), commands[i].name))
            continue;
        *table = (struct unsock_option_table){.options = &rows[commands[i].first],
                                              .count = commands[i].count,
                                              .is_wrapper = commands[i].is_wrapper,
                                              .operands_least = commands[i].operands_least,
                                              .operands_most = commands[i].operands_most};
        memcpy(table->command, commands[i].name, sizeof(commands[i].name));
        memcpy(table->operand, commands[i].operand, sizeof(commands[i].operand));
        return true;
    }
    return false;
}

struct reading {
    const struct unsock_option_table *table;
    struct unsock_options *options;
    struct unsock_text *error;
    bool empty[UNSOCK_OPTIONS_MOST]; /* given without the value that it needs, at least once */
    const char *too_many;            /* the flag that was given too often; NULL: none */
    struct unsock_span unknown;
};

static unsigned number_of(const struct unsock_option_table *table, struct unsock_span flag) {
    for (unsigned i = 0; i < table->count; i++) {
        if (unsock_span_is(flag, table->options[i].flag))
            return i;
    }
    return table->count;
}

/* Where "--FLAG" or "--FLAG=…" stands in the table; its count: nowhere. */
static unsigned find_option(const struct unsock_option_table *table, const char *word, const char **value) {
    struct unsock_span rest = unsock_span_of(word), flag = unsock_span_next(&rest, '=');
    *value = rest.at == flag.at + flag.length ? NULL : rest.at;
    unsigned number = number_of(table, flag);
    for (unsigned i = 0; number == table->count && i < sizeof(former) / sizeof(former[0]); i++) {
        if (unsock_span_is(flag, former[i][0]))
            number = number_of(table, unsock_span_of(former[i][1]));
    }
    return number;
}

/* True if the next word is this one's value. "-1" is one, so that a wrong one is named. */
static bool is_value(const char *next) {
    return next && (next[0] != '-' || next[1] == '\0' || (next[1] >= '0' && next[1] <= '9'));
}

static void take_unknown(struct reading *reading, const char *word) {
    struct unsock_span rest = unsock_span_of(word);
    if (reading->unknown.length == 0)
        reading->unknown = unsock_span_next(&rest, '=');
}

static void take_each(struct reading *reading, const struct unsock_option *option, const char *value) {
    struct unsock_options *options = reading->options;
    if (options->each_count == UNSOCK_OPTIONS_EACH_MOST)
        reading->too_many = option->flag;
    else
        options->each[options->each_count++] = value;
}

/* Takes one option. Returns how many words it was. */
static unsigned take_option(struct reading *reading, const char *const *words) {
    const struct unsock_option_table *table = reading->table;
    const char *word = words[0], *value = NULL;
    unsigned number = word[1] == '-' ? find_option(table, word, &value) : table->count;
    if (unsock_span_is(unsock_span_of(word), "-h") || unsock_span_is(unsock_span_of(word), "--help")) {
        reading->options->help = true;
        return 1;
    }
    if (number == table->count) {
        take_unknown(reading, word);
        return word[1] == '-' && is_value(words[1]) ? 2 : 1;
    }
    const struct unsock_option *option = &table->options[number];
    bool takes_next = option->value[0] != '\0' && option->kind != UNSOCK_OPTION_MAYBE;
    unsigned taken = !value && takes_next && is_value(words[1]) ? 2 : 1;
    reading->options->values[number] = taken == 2 ? words[1] : value ? value : "";
    reading->empty[number] |= takes_next && reading->options->values[number][0] == '\0';
    if (option->kind == UNSOCK_OPTION_EACH)
        take_each(reading, option, reading->options->values[number]);
    return taken;
}

/* One more than there may be, and no more. */
static void take_operand(struct unsock_options *options, const char *word) {
    if (options->operand_count <= UNSOCK_OPERANDS_MOST)
        options->operands[options->operand_count++] = word;
}

static void take_words(struct reading *reading, const char *const *words) {
    bool is_wrapper = reading->table->is_wrapper;
    while (*words && !unsock_span_is(unsock_span_of(*words), "--")) {
        bool is_option = (*words)[0] == '-' && (*words)[1] != '\0';
        if (!is_option && is_wrapper)
            break;
        if (!is_option)
            take_operand(reading->options, *words);
        words += is_option ? take_option(reading, words) : 1;
    }
    if (*words && unsock_span_is(unsock_span_of(*words), "--"))
        words++;
    reading->options->command = words;
    for (; !is_wrapper && *words; words++)
        take_operand(reading->options, *words);
}

static bool check_value(const struct reading *reading, unsigned number) {
    const struct unsock_option *option = &reading->table->options[number];
    const char *value = reading->options->values[number], *command = reading->table->command;
    if (!value)
        return true;
    if (option->value[0] == '\0' && value[0] != '\0') {
        unsock_text_join(reading->error, command, ": ");
        return unsock_options_refuse(reading->error, option->flag, "takes no value", value);
    }
    if (!reading->empty[number])
        return true;
    unsock_text_join(reading->error, command, ": ", option->flag, ": empty: write ", option->flag, "=");
    for (const char *c = option->value; *c != '\0'; c++)
        unsock_text_char(reading->error, unsock_upper(*c));
    return false;
}

/* The flags to choose from: those of a table, and "--help" at the end. */
struct flags {
    struct unsock_words words;
    const struct unsock_option_table *table;
};

static const char *flag_of(const struct unsock_words *words, unsigned index) {
    const struct unsock_option_table *table = ((const struct flags *)words)->table;
    return index < table->count ? table->options[index].flag : index == table->count ? "--help" : NULL;
}

static bool refuse_unknown(const struct reading *reading) {
    struct flags flags = {.words = {.word = flag_of}, .table = reading->table};
    struct unsock_span word = reading->unknown;
    size_t dashes = 0;
    while (dashes < word.length && word.at[dashes] == '-')
        dashes++;
    const char *meant = unsock_nearest(word, dashes, &flags.words);
    unsock_text_join(reading->error, reading->table->command, ": unknown option '");
    unsock_text_span(reading->error, word);
    return unsock_text_fail(reading->error, "'", meant ? ": did you mean " : "", meant ? meant : "", meant ? "?" : "");
}

static bool check_operands(const struct reading *reading) {
    const struct unsock_option_table *table = reading->table;
    const struct unsock_options *options = reading->options;
    if (options->operand_count > table->operands_most)
        return unsock_options_refuse(reading->error, table->command, "too many arguments",
                                     options->operands[table->operands_most]);
    if (options->operand_count >= table->operands_least)
        return true;
    return unsock_text_fail(reading->error, table->command, ": ", table->operand, " is missing");
}

bool unsock_options_read(const struct unsock_option_table *table, const char *const *words,
                         struct unsock_options *options, struct unsock_text *error) {
    struct reading reading = {.table = table, .options = options, .error = error};
    memset(options, 0, sizeof(*options));
    options->table = table;
    take_words(&reading, words);
    if (options->help)
        return true;
    for (unsigned i = 0; i < table->count; i++) {
        if (!check_value(&reading, i))
            return false;
    }
    if (reading.unknown.length > 0)
        return refuse_unknown(&reading);
    if (!reading.too_many)
        return table->is_wrapper || check_operands(&reading);
    return unsock_text_fail(error, table->command, ": ", reading.too_many, ": more than ",
                            UNSOCK_DECIMAL(UNSOCK_OPTIONS_EACH_MOST));
}

bool unsock_options_refuse(struct unsock_text *error, const char *what, const char *why, const char *value) {
    return unsock_text_fail(error, what, ": ", why, ": \"", value, "\"");
}

const char *unsock_options_value(const struct unsock_options *options, const char *flag) {
    unsigned number = number_of(options->table, unsock_span_of(flag));
    return number < options->table->count ? options->values[number] : NULL;
}
