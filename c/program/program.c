/* libunsock.so run as a program: runs its own commands, writes a control file from variables, or prints its usage.
 * Under the name `unsock`, executes the command line (TypeScript) for other commands, --help and expose --http. */
#include "program/options.h"

#include "../build/tables.h"
#include "files/control_file.h"
#include "process/start.h"
#include "program/run.h"
#include "rt/system_calls.h"
#include "rules/control.h"
#include "rules/errno.h"
#include "rules/words.h"

#define LINE_MOST (4 * UNSOCK_PATH_MOST)
/* If the base name of argv[0] is FRONT, the library executes the command line (TypeScript) for commands that it lacks.
 * If argv[0] begins with OF_RUNTIME, Deno or Node.js has executed the library (lib/library/caller.ts). */
#define FRONT "unsock"
#define OF_RUNTIME "unsock-of-runtime:"
#define OWN_FILE "/proc/self/exe"
#define COMMAND_LINE "../libexec/unsock"

static bool is_word(const char *text, const char *other) {
    return unsock_span_is(unsock_span_of(text), other);
}

static bool asks_help(const char *word) {
    return is_word(word, "--help") || is_word(word, "-h") || is_word(word, "help");
}

struct command {
    const struct unsock_option_table *table;
    int (*start)(const struct unsock_command_call *call);
    int misused; /* the exit status for wrong options or operands */
};

static bool find_command(const char *name, struct command *command) {
#define START(word, start) is_word(name, word) ? start:
    command->start = UNSOCK_COMMAND_STARTS(START) NULL;
    command->table = unsock_option_table_find(name);
    command->misused = is_word(name, "run") || is_word(name, "hold") ? UNSOCK_RUN_FAILED : UNSOCK_COMMAND_USAGE;
    return command->start;
}

/* Prints "unsock: line" on stderr. Prints control characters as "?": the line may have file names of other users. */
static int fail_program(const char *line, int status) {
    UNSOCK_TEXT(text, LINE_MOST + 16);
    unsock_text_join(&text, "unsock: ", line);
    for (char *c = text.buffer; *c != '\0'; c++)
        *c = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    unsock_text_char(&text, '\n');
    unsock_write(2, text.buffer, text.length);
    return status;
}

static int fail_with(const char *what, const char *why, int status) {
    UNSOCK_TEXT(line, UNSOCK_PATH_MOST + 256);
    unsock_text_join(&line, what, ": ", why);
    return fail_program(line.buffer, status);
}

/* Returns the path of the file to which a link of /proc points; NULL if it is unknown. */
static const char *read_link(const char *link, char path[UNSOCK_PATH_MOST]) {
    long length = unsock_readlinkat(AT_FDCWD, link, path, UNSOCK_PATH_MOST - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0 && length < UNSOCK_PATH_MOST - 1 ? path : NULL;
}

/* Returns why the command line's runtime (Deno) would end with a panic; NULL if it would not. */
static const char *runtime_fails_at(const char *const *argv) {
    char directory[UNSOCK_PATH_MOST];
    if (unsock_getcwd(directory, sizeof(directory)) == -ENOENT)
        return "the working directory was removed: change to another";
    for (; *argv; argv++)
        if (!unsock_utf8_is(*argv))
            return "an argument is no UTF-8: only `run` takes such";
    return NULL;
}

/* Executes the command line, the program in TypeScript, at a fixed path relative to the library. Returns if it is
 * not installed or cannot be executed. If its runtime would panic, exits with one line on stderr instead. */
static void hand_over(const char *const *argv, const char *const *environment) {
    char own[UNSOCK_PATH_MOST], file[UNSOCK_PATH_MOST + 32];
    struct unsock_text text = unsock_text_in(file, sizeof(file));
    if (!read_link(OWN_FILE, own))
        return;
    struct unsock_span base = unsock_base_name(unsock_span_of(own));
    unsock_text_span(&text, (struct unsock_span){own, (size_t)(base.at - own)});
    unsock_text_put(&text, COMMAND_LINE);
    if (unsock_faccessat(AT_FDCWD, file, X_OK) < 0)
        return;
    const char *why = runtime_fails_at(argv);
    unsock_keeper_dispose(SIGXFSZ, SIG_IGN); /* the runtime writes caches, even if a file-size limit forbids it */
    /* A call without the mark (rt/calls.h): below another `run`, a trapped program's exec must be trapped. */
    if (!why)
        unsock_syscall6(__NR_execve, (long)file, (long)argv, (long)environment, 0, 0, 0);
    else
        unsock_exit(fail_with(argv[1] ? argv[1] : FRONT, why,
                              argv[1] && is_word(argv[1], "run") ? UNSOCK_RUN_FAILED : UNSOCK_COMMAND_USAGE));
}

static int end_output(int failed) {
    UNSOCK_TEXT(error, 256);
    int status = unsock_print_end(0, failed, &error);
    return error.length > 0 ? fail_program(error.buffer, status) : status;
}

/* Prints a command's options. If the command line (the program in TypeScript) is installed, its own help is longer. */
static int print_usage(const struct command *command) {
    const struct unsock_option_table *table = command->table;
    unsock_print("libunsock.so ", table->command, " [options]", table->operand[0] ? " " : "", table->operand,
                 table->operands_most > 1 ? "...\n\n" : "\n\n");
    for (unsigned i = 0; i < table->count; i++) {
        const struct unsock_option *option = unsock_option_at(table, i);
        bool bare = option->value[0] == '\0', maybe = option->kind == UNSOCK_OPTION_MAYBE;
        unsock_print("  ", option->flag, bare ? "" : maybe ? "[=" : " <", option->value);
        unsock_print(bare ? "\n" : maybe ? "]\n" : ">\n");
    }
    return end_output(command->misused == UNSOCK_RUN_FAILED ? UNSOCK_RUN_FAILED : UNSOCK_COMMAND_FAILED);
}

static int start_given(const struct command *command, const char *const *argv, const char *const *environment,
                       bool is_front) {
    unsock_start_marks(); /* below a `run`, a trap must not redirect the library's own calls */
    char own[UNSOCK_PATH_MOST];
    UNSOCK_TEXT(error, LINE_MOST);
    struct unsock_options options;
    struct unsock_command_call call = {&options, environment, read_link(OWN_FILE, own), &error};
    bool good = unsock_options_read(command->table, argv + 2, &options, &error);
    bool asks = command->start == unsock_query_start, is_http = false, exposes = is_word(argv[1], "expose");
    for (const char *flag = UNSOCK_HTTP_OPTIONS; good && exposes && *flag; flag += strlen(flag) + 1)
        is_http |= unsock_options_value(&options, flag) != NULL;
    if (good && !asks && (options.help || is_http)) {
        if (is_front)
            hand_over(argv, environment);
        return options.help ? print_usage(command) : fail_with("expose --http", "the command line does it", 1);
    }
    good = good && (asks || unsock_setting_names_check(call.environment, &error));
    int status = good ? command->start(&call) : command->misused;
    return error.length > 0 ? fail_program(error.buffer, status) : status;
}

void unsock_execute(const char *file, const char *const *argv, const char *const *environment, char *why, size_t size) {
    long result = unsock_execve(file, argv, environment);
    struct unsock_text text = unsock_text_in(why, size);
    unsock_text_put(&text, unsock_errno_words(-result));
}

/* Restores two settings of the caller's that the runtime has changed: the action for SIGPIPE, and the soft limit of
 * descriptors. `told`: WORD:LIMIT. If WORD is "ignored", SIGPIPE stays ignored. If LIMIT is empty, the limit stays. */
static void restore_caller(struct unsock_span told) {
    struct rlimit limit;
    uint64_t soft;
    if (!unsock_span_is(unsock_span_next(&told, ':'), "ignored"))
        unsock_keeper_dispose(SIGPIPE, SIG_DFL);
    if (!unsock_span_number(told, 10, INT32_MAX, &soft) || unsock_prlimit64(0, RLIMIT_NOFILE, NULL, &limit) < 0)
        return;
    limit.rlim_cur = soft;
    unsock_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
}

/* `UNSOCK_FILE=… libunsock.so`: writes the control file, and the result or error into `line`. Returns the status. */
static int make_control_file(const char *const *environment, struct unsock_text *line) {
    char real[UNSOCK_PATH_MOST];
    struct unsock_control_file file;
    const char *path = unsock_environment_get(environment, "UNSOCK_FILE");
    const char *multiplexer = unsock_environment_get(environment, UNSOCK_CONTROL_MULTIPLEXER);
    UNSOCK_CLOSED long fd = multiplexer ? unsock_openat(AT_FDCWD, multiplexer, UNSOCK_O_PATH | O_CLOEXEC, 0) : -1;
    multiplexer = fd < 0 ? NULL : read_link(UNSOCK_FD_PATH(fd), real);
    if (!unsock_setting_names_check(environment, line) ||
        !unsock_control_from_variables(environment, multiplexer, &file, line))
        return UNSOCK_COMMAND_FAILED;
    long result = unsock_control_file_write(path, &file, 0644, false);
    if (result < 0) {
        unsock_control_not_written(line, path, result, "");
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_text_join(line, "wrote ", path, ":");
    unsock_control_put_variables(line, environment);
    return 0;
}

int unsock_program(int argc, const char *const *argv, const char *const *environment) {
    bool is_front = argc >= 1 && unsock_span_is(unsock_base_name(unsock_span_of(argv[0])), FRONT);
    if (argc >= 1 && unsock_begins(argv[0], OF_RUNTIME))
        restore_caller(unsock_span_of(argv[0] + sizeof(OF_RUNTIME) - 1));
    if (argc >= 3 && asks_help(argv[1]) && !asks_help(argv[2]))
        return unsock_program(3, (const char *const[]){argv[0], argv[2], "--help", NULL}, environment);
    struct command command;
    if (argc >= 2 && find_command(argv[1], &command))
        return start_given(&command, argv, environment, is_front);
    if (argc >= 2 && is_word(argv[1], "--version"))
        return unsock_print(UNSOCK_VERSION "\n"), end_output(1);
    if (is_front)
        hand_over(argv, environment);
    if (argc >= 2 && !asks_help(argv[1]))
        return fail_with(
            argv[1],
            "the library alone has no such command, and the whole command line is not installed beside it: --help",
            is_word(argv[1], "make-control") ? UNSOCK_COMMAND_USAGE : UNSOCK_COMMAND_FAILED);
    if (argc < 2 && unsock_environment_get(environment, "UNSOCK_FILE")) {
        UNSOCK_TEXT(line, LINE_MOST);
        int status = make_control_file(environment, &line);
        return fail_program(line.buffer, status);
    }
    unsock_print(UNSOCK_USAGE);
    return end_output(1);
}
