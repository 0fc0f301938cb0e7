/* `run --each`: a loopback for each child of a runner (a test runner, make, xargs). UNSOCK_EACH is RUNNER:NAMES, and
 * UNSOCK_DIR ends with a directory's number; RUNNER and this number have a fixed number of digits. A process whose own
 * command line has one of NAMES writes its process number as RUNNER; any other process writes 0. A child of RUNNER
 * makes a directory, and writes the directory's number into UNSOCK_DIR. The library changes the environment in place,
 * at its start, so that the process's children inherit the changes. */
#include "process/run_directory.h"
#include "process/start.h"
#include "rt/system_calls.h"

#define COMMAND_LINE "/proc/self/cmdline"
#define COMMAND_LINE_MOST 4096 /* bytes that are read */

static void write_number(char digits[UNSOCK_EACH_WIDTH], uint64_t number) {
    memcpy(digits, UNSOCK_DIGITS("", number, 10, UNSOCK_EACH_WIDTH), UNSOCK_EACH_WIDTH);
}

/* True if the word, or its part after the last slash, is the name, with or without an extension for Node.js. */
static bool is_named(struct unsock_span word, struct unsock_span name) {
    static const char extensions[][5] = {"", ".js", ".mjs", ".cjs"};
    for (unsigned i = 0; i < sizeof(extensions) / sizeof(extensions[0]); i++) {
        size_t length = name.length + strlen(extensions[i]), start = word.length - length;
        if (word.length >= length && (start == 0 || word.at[start - 1] == '/') &&
            unsock_same(word.at + start, name.at, name.length) &&
            unsock_same(word.at + start + name.length, extensions[i], strlen(extensions[i])))
            return true;
    }
    return false;
}

static bool has_word(struct unsock_span line, struct unsock_span wanted) {
    while (line.length > 0) {
        if (unsock_span_same(unsock_span_next(&line, '\0'), wanted))
            return true;
    }
    return false;
}

/* True if the command line runs the program of this name: "make", "node node_modules/.bin/jest", "python3 -m pytest".
 * Passes over a word that does not match if it is the first one (perhaps an interpreter), an option, or after an option
 * (perhaps its value). Any other word ends the search: "timeout 9 jest" runs timeout. A name of two words ("go test",
 * "node --test") must match both, in order. If the name ends with "!WORD", the rest of the line must not have WORD. */
static bool runs(struct unsock_span line, struct unsock_span name) {
    struct unsock_span words = unsock_span_next(&name, '!'), wanted = unsock_span_next(&words, ' '), before = {"-", 1};
    bool has_name = wanted.length > 0;
    while (line.length > 0 && wanted.length > 0) {
        struct unsock_span word = unsock_span_next(&line, '\0');
        bool is_option = word.length > 0 && word.at[0] == '-', is_value = before.length > 0 && before.at[0] == '-';
        /* The word after an option such as -c or -lc is code for a shell or Python, not a name. */
        bool is_text = is_value && before.length > 1 && before.at[1] != '-' && before.at[before.length - 1] == 'c';
        if (!is_text && is_named(word, wanted))
            wanted = unsock_span_next(&words, ' ');
        else if (!is_option && !is_value)
            return false;
        before = word;
    }
    return has_name && wanted.length == 0 && (name.length == 0 || !has_word(line, name));
}

/* Writes this process's number as RUNNER if its command line has one of NAMES, else 0. False if the command line cannot
 * be read. */
static bool note_runner(char *each, uint64_t self) {
    char bytes[COMMAND_LINE_MOST];
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, COMMAND_LINE, O_RDONLY | O_CLOEXEC, 0);
    long length = fd < 0 ? fd : unsock_read(fd, bytes, sizeof(bytes));
    struct unsock_span names = unsock_span_of(each + UNSOCK_EACH_WIDTH + 1);
    bool is_runner = false;
    while (length > 0 && !is_runner && names.length > 0)
        is_runner = runs((struct unsock_span){bytes, (size_t)length}, unsock_span_next(&names, ','));
    write_number(each, is_runner ? self : 0);
    return length >= 0;
}

/* Makes a directory for this process, beside the inherited UNSOCK_DIR. Its number is the process's, or the next free
 * number: an ended process may have had the same number. Does not report a failure: unsock_directory_make (start.c)
 * runs next, and reports a directory that is missing and cannot be made. */
static void move_to_own_directory(char *digits, struct unsock_settings *settings, uint64_t self) {
    char *end = settings->directory + settings->directory_length - UNSOCK_EACH_WIDTH;
    long result = -EEXIST;
    for (uint64_t number = self; result == -EEXIST && number <= UNSOCK_EACH_MOST; number++) {
        write_number(end, number);
        result = unsock_private_divide(settings->directory);
    }
    memcpy(digits, end, UNSOCK_EACH_WIDTH);
}

bool unsock_each_start(const char *const *environment, struct unsock_settings *settings, struct unsock_text *error) {
    char *each = (char *)unsock_environment_get(environment, "UNSOCK_EACH");
    const char *directory = unsock_environment_get(environment, "UNSOCK_DIR");
    struct unsock_span own = unsock_base_name(unsock_span_of(directory ? directory : ""));
    uint64_t number, runner = 0, self = (uint64_t)unsock_getpid();
    /* A command in another directory (`run --dir`) has nothing to do with the runner any more. */
    if (!each || own.length != UNSOCK_EACH_WIDTH || !unsock_span_number(own, 10, UNSOCK_EACH_MOST, &number))
        return true;
    unsock_span_number((struct unsock_span){each, UNSOCK_EACH_WIDTH}, 10, UNSOCK_EACH_MOST, &runner);
    if (runner == self)
        return true; /* the runner has executed another program, and its children are still workers */
    if (runner != 0 && runner == (uint64_t)unsock_getppid())
        move_to_own_directory((char *)own.at, settings, self);
    return note_runner(each, self) ||
           unsock_text_fail(error, "UNSOCK_EACH: " COMMAND_LINE
                                   " cannot be read, so that a runner cannot be recognised: run it with /proc");
}
