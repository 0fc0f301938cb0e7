/* The library as a program: a command's options, its call, its output. */
#ifndef UNSOCK_PROGRAM_OPTIONS_H
#define UNSOCK_PROGRAM_OPTIONS_H

#include "rules/environment.h"

/* options.c: The words of a command: options by a table, and operands. As lib/system/options.ts reads them, with its
 * words. The rows are made of lib/commands/table.ts (scripts/tables.ts). */

#define UNSOCK_OPTIONS_MOST 32
#define UNSOCK_OPTIONS_EACH_MOST 64
#define UNSOCK_OPERANDS_MOST 1024

/* The effects of options. Reading the words asks only whether it is MAYBE or EACH. */
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

extern const struct unsock_option unsock_option_rows[];

/* A command's options. */
struct unsock_option_table {
    char command[16];     /* its name, for messages */
    char operand[32];     /* what an operand is called */
    uint8_t first, count; /* of the rows */
    bool is_wrapper;      /* the first operand ends the options: what follows is a command's */
    unsigned operands_least;
    unsigned operands_most; /* at most UNSOCK_OPERANDS_MOST */
};

static inline const struct unsock_option *unsock_option_at(const struct unsock_option_table *table, unsigned number) {
    return &unsock_option_rows[table->first + number];
}

/* Finds the table of a command. NULL: the library does not have it. */
const struct unsock_option_table *unsock_option_table_find(const char *command);

/* The options and operands that were given. */
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

/* Reads the words behind the command's name. Returns false with one line in `error`. With `help` nothing else is said
 * of them. */
bool unsock_options_read(const struct unsock_option_table *table, const char *const *words,
                         struct unsock_options *options, struct unsock_text *error);

/* Adds `what: why: "value"` to `error`. Returns false. */
bool unsock_options_refuse(struct unsock_text *error, const char *what, const char *why, const char *value);

/* Returns the option's value; NULL: it was not given. */
const char *unsock_options_value(const struct unsock_options *options, const char *flag);

/* program.c: The commands of the library as a program, but for those that start others. */

/* Its main. Returns the exit status. */
int unsock_program(int argc, const char *const *argv, const char *const *environment);

#define UNSOCK_COMMAND_FAILED 1
#define UNSOCK_COMMAND_USAGE 2 /* what was asked for cannot be */
#define UNSOCK_RUN_FAILED 125  /* of run and hold: unsock's own error */

struct unsock_command_call {
    const struct unsock_options *options;
    struct unsock_environment environment;
    const char *library; /* this file's path; NULL: /proc does not tell */
    struct unsock_text *error;
};

/* The earlier one of two moments, or waits; -1: never. */
static inline int64_t unsock_sooner(int64_t one, int64_t other) {
    return one < 0 ? other : other < 0 ? one : UNSOCK_MIN(one, other);
}

/* What each command does. Returns the exit status; what went wrong is one line in `call->error`. Of run: unless this
 * process has become the command. hold.c has hold; query.c query, whose errors of a question are in its answer. */
int unsock_run_start(const struct unsock_command_call *call);
int unsock_hold_start(const struct unsock_command_call *call);
int unsock_query_start(const struct unsock_command_call *call);
int unsock_path_start(const struct unsock_command_call *call);
int unsock_wait_start(const struct unsock_command_call *call);
int unsock_prune_start(const struct unsock_command_call *call);
int unsock_expose_start(const struct unsock_command_call *call);

/* output.c: Standard output of the library as a program: text in pieces, and JSON. It goes through one buffer. */

void unsock_print_char(char c);
void unsock_print_list(const char *const *texts);
#define unsock_print(...) unsock_print_list((const char *const[]){__VA_ARGS__, NULL})

/* Writes what is in the buffer. Returns 0, or -errno of the first write that failed: a part may be written then. */
long unsock_print_flush(void);

/* The same at a command's end. Returns its exit status: `status` where all was written; else `failed`, with one line in
 * `error`, or without one where nobody reads the output any more (EPIPE). */
int unsock_print_end(int status, int failed, struct unsock_text *error);

/* Opens an object or a list with '{' or '[', as a member called `name`, or (NULL) as the next element. */
void unsock_json_open(const char *name, char bracket);
void unsock_json_close(char bracket);

/* Ends the line, and begins a new text of JSON. */
void unsock_json_line(void);

/* Write one member; strings with U+FFFD for bytes that are no UTF-8. A text of NULL is null. */
void unsock_json_text(const char *name, const char *text);
void unsock_json_number(const char *name, uint64_t number);
void unsock_json_maybe(const char *name, bool is_known, uint64_t number); /* null where it is not known */
void unsock_json_bool(const char *name, bool value);

/* query.c: Prints the questions. */
void unsock_query_usage(void);

#endif
