/* The words of a command: options by a table, and operands. As lib/system/options.ts reads them, with its words. */
#ifndef UNSOCK_OPTIONS_H
#define UNSOCK_OPTIONS_H

#include "rt/text.h"

#include <stdbool.h>

#define UNSOCK_OPTIONS_MOST 32
#define UNSOCK_OPTIONS_EACH_MOST 64
#define UNSOCK_OPERANDS_MOST 1024

/* What an option does. Reading the words asks only whether it is MAYBE or EACH. */
enum unsock_option_kind {
    UNSOCK_OPTION_SWITCH, /* `run`: sets a variable to 1 */
    UNSOCK_OPTION_VALUE,  /* `run`: sets a variable to its value */
    UNSOCK_OPTION_MAYBE,  /* the same; its value may be missing */
    UNSOCK_OPTION_CHOICE, /* `run`: sets one of two variables, or none */
    UNSOCK_OPTION_OTHER,  /* sets no variable */
    UNSOCK_OPTION_EACH,   /* the same; it may be given several times */
};

/* One option. Arrays, since pointers would have to be relocated in every process. */
struct unsock_option {
    char flag[24];     /* with its dashes */
    char value[24];    /* what its value is called; empty: it has none */
    char variable[32]; /* `run`: which it sets; empty: none */
    enum unsock_option_kind kind;
    char otherwise[32]; /* `run`: the variable's value when neither it nor the option says anything; empty: none */
};

struct unsock_option_table {
    char command[16]; /* its name, for messages */
    char operand[32]; /* what an operand is called */
    const struct unsock_option *options;
    unsigned count;
    bool is_wrapper;         /* the first operand ends the options: what follows is a command's */
    unsigned operands_least; /* of its own */
    unsigned operands_most;  /* at most UNSOCK_OPERANDS_MOST */
    unsigned each_most;      /* of the option that may be given several times */
};

/* What was given. */
struct unsock_options {
    const struct unsock_option_table *table;
    const char *values[UNSOCK_OPTIONS_MOST]; /* by the number of the option: NULL nothing, "" without a value */
    const char *each[UNSOCK_OPTIONS_EACH_MOST];
    unsigned each_count;
    bool help;
    const char *const *command; /* of a wrapper: from the first operand on */
    const char *operands[UNSOCK_OPERANDS_MOST + 1];
    unsigned operand_count;
};

/*
 * Reads the words behind the command's name. Returns false with one line in `error`. With `help` nothing else is said
 * of them.
 */
bool unsock_options_read(const struct unsock_option_table *table, const char *const *words,
                         struct unsock_options *options, struct unsock_text *error);

/* What the option was given; NULL: nothing. */
const char *unsock_options_value(const struct unsock_options *options, const char *flag);

#endif
