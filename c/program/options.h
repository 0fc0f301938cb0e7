/* The library run as a program: the options of its commands, the commands, and their output. */
#ifndef UNSOCK_PROGRAM_OPTIONS_H
#define UNSOCK_PROGRAM_OPTIONS_H

#include "files/port.h"
#include "process/run_directory.h"

/* options.c: Reads a command's options and operands by the command's table. lib/system/options.ts reads them in the
 * same way, with the same messages. The build makes the tables from lib/commands/table.ts (scripts/tables.ts). */

#define UNSOCK_OPTIONS_MOST 32
#define UNSOCK_OPTIONS_EACH_MOST 64
#define UNSOCK_OPERANDS_MOST 1024

/* The effects of options. unsock_options_read itself distinguishes only MAYBE, BARE and EACH. */
enum unsock_option_kind {
    UNSOCK_OPTION_SWITCH, /* `run`: sets a variable to 1 */
    UNSOCK_OPTION_VALUE,  /* `run`: sets a variable to its value */
    UNSOCK_OPTION_MAYBE,  /* `run`: sets a variable to its value, which is optional */
    UNSOCK_OPTION_CHOICE, /* `run`: sets one of two variables, or none */
    UNSOCK_OPTION_OTHER,  /* sets no variable */
    UNSOCK_OPTION_BARE,   /* sets no variable; its value may be missing before an option, "--" or the end */
    UNSOCK_OPTION_EACH,   /* sets no variable; may be given several times */
};

/* One option. Its texts are arrays: pointers would have to be relocated in every process. */
struct unsock_option {
    char flag[24];     /* with the dashes */
    char value[24];    /* the value's name in messages; empty: takes no value */
    char variable[28]; /* `run`: the variable that the option sets; empty: none */
    enum unsock_option_kind kind;
    char otherwise[28]; /* `run`: the variable's value if neither caller nor option sets it; empty: none */
};

extern const struct unsock_option unsock_option_rows[];

struct unsock_option_table {
    char command[16];     /* its name, for messages */
    char operand[32];     /* an operand's name in messages */
    uint8_t first, count; /* the command's part of unsock_option_rows */
    bool is_wrapper;      /* the first operand ends the options, and begins another command */
    unsigned operands_least;
    unsigned operands_most; /* at most UNSOCK_OPERANDS_MOST */
};

static inline const struct unsock_option *unsock_option_at(const struct unsock_option_table *table, unsigned number) {
    return &unsock_option_rows[table->first + number];
}

/* Returns the table of a command; NULL if the library does not have the command. */
const struct unsock_option_table *unsock_option_table_find(const char *command);

struct unsock_options {
    const struct unsock_option_table *table;
    const char *values[UNSOCK_OPTIONS_MOST];    /* by the option's number. NULL: not given; "": without a value */
    const char *each[UNSOCK_OPTIONS_EACH_MOST]; /* all values of the EACH option */
    unsigned each_count;
    bool help;
    const char *const *command; /* a wrapper's command: the words from the first operand on */
    const char *operands[UNSOCK_OPERANDS_MOST + 1];
    unsigned operand_count;
};

/* Reads the words after the command's name. False with `error` if they are wrong. With --help, checks nothing else. */
bool unsock_options_read(const struct unsock_option_table *table, const char *const *words,
                         struct unsock_options *options, struct unsock_text *error);

/* Returns the option's value; NULL: it was not given. */
const char *unsock_options_value(const struct unsock_options *options, const char *flag);

/* program.c: Starts the library's commands, or the command line (the program in TypeScript). */

int unsock_program(int argc, const char *const *argv, const char *const *environment);

#define UNSOCK_COMMAND_FAILED 1
#define UNSOCK_COMMAND_USAGE 2 /* wrong options or operands */
#define UNSOCK_RUN_FAILED 125  /* run and hold: an error of unsock's own */

struct unsock_command_call {
    const struct unsock_options *options;
    const char *const *environment;
    const char *library; /* the library's path; NULL: unknown, without /proc */
    struct unsock_text *error;
};

/* Chooses the directory of the command, by --here, --dir, UNSOCK_DIR or the default. False with one line in `error`. */
bool unsock_choose_directory(const struct unsock_command_call *call, struct unsock_run_directory *directory,
                             struct unsock_text *error);

/* Returns the earlier of two times, or the shorter of two waits; -1 stands for never. */
static inline int64_t unsock_sooner(int64_t one, int64_t other) {
    return one < 0 ? other : other < 0 ? one : UNSOCK_MIN(one, other);
}

/* Each function runs one command and returns its exit status. `call->error` gets one line about a failure, unless the
 * command's output reports the failure. unsock_run_start returns only if no command was started, or after `hold`.
 * unsock_query_start prints its own --help. */
int unsock_run_start(const struct unsock_command_call *call);
int unsock_query_start(const struct unsock_command_call *call);
int unsock_path_start(const struct unsock_command_call *call);
int unsock_wait_start(const struct unsock_command_call *call);
int unsock_prune_start(const struct unsock_command_call *call);
int unsock_expose_start(const struct unsock_command_call *call);

/* output.c: Writes the program's standard output, text and JSON, through one buffer. */

void unsock_print_char(char c);
void unsock_print_list(const char *const *texts);
#define unsock_print(...) unsock_print_list((const char *const[]){__VA_ARGS__, NULL})

/* Writes the buffered output. Returns 0, or -errno of the first write that failed. */
long unsock_print_flush(void);

/* Writes the buffered output at a command's end. Returns the exit status: `status` if all was written, 1 if the reader
 * has closed the pipe (EPIPE), otherwise `failed` with one line in `error`. */
int unsock_print_end(int status, int failed, struct unsock_text *error);

/* Opens an object or a list with '{' or '[': as a member called `name`, or, if NULL, as the next element. */
void unsock_json_open(const char *name, char bracket);
void unsock_json_close(char bracket);

/* Ends the line. The next value begins a new JSON text. */
void unsock_json_line(void);

/* Write a member, or an element if `name` is NULL. A byte outside UTF-8 becomes U+FFFD; a NULL `text` becomes null. */
void unsock_json_text(const char *name, const char *text);
void unsock_json_number(const char *name, uint64_t number);
void unsock_json_maybe(const char *name, bool is_known, uint64_t number); /* null if it is not known */
void unsock_json_bool(const char *name, bool value);

/* answers.c: Checks whether a server would answer a client at a port of a directory. A server with a Unix socket does
 * not notice the check. A control file's target of another family, or behind a multiplexer, gets a short connection. */

struct unsock_answers {
    enum unsock_answer answer;
    int64_t again;           /* ms after which to check again: `answer` may change though no file changes; -1: never */
    struct sockaddr_un path; /* the file to which a client connects, even if missing; empty after -EINVAL, -ENOBUFS */
};

/* Checks the port. A connection may take `most` milliseconds; if `most` is -1, only checks whether a socket is bound to
 * the file. A server whose address is unknown (a plain one, or a control file's target) counts as a server of every
 * address. Returns 0, -ENOBUFS or -EINVAL, or -errno of reading the directory. */
long unsock_answers_at(const char *directory, const struct unsock_port_words *words, int64_t most,
                       struct unsock_answers *answers);

#endif
