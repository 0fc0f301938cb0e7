/* The commands `path` and `wait`. `path` makes the path of PORT from its number alone; for PORT@ADDR it searches the
 * port's sockets. `wait` checks whether ports have servers. It checks again after each change in the directory
 * (inotify(7)), and from time to time if a server can come or go without such a change. */
#include "process/start.h"
#include "program/options.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#include <sys/inotify.h>

#define LISTENS_SOON_MS 10 /* between checks of a bound socket: listen(2) follows bind(2) soon */
#define GONE_MS 200        /* between checks with --gone: the end of a killed process changes no file */
#define CONNECTION_MOST_MS 1000
#define CONNECTION_LEAST_MS 500 /* even if less time is left: with --timeout 0 a target can still answer */
#define UNWATCHED_MS 20         /* between checks if the directory does not exist, or the user has no watch left */
#define FOR_EVER (-1)
#define SECONDS_MOST 999999
#define CHANGES (IN_ATTRIB | IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF)
#define EVENTS_SIZE 4096

static int print_library_path(const struct unsock_command_call *call) {
    char path[UNSOCK_PATH_MOST];
    if (call->options->operand_count > 0 || unsock_options_value(call->options, "--dir") ||
        unsock_options_value(call->options, "--here"))
        return unsock_text_put(call->error, "path: --lib stands alone"), UNSOCK_COMMAND_USAGE;
    if (!unsock_proof_choose(NULL, call->library, call->environment, path, call->error))
        return UNSOCK_COMMAND_FAILED;
    unsock_print(path, "\n");
    return 0;
}

static int print_path(const struct unsock_command_call *call) {
    const struct unsock_options *options = call->options;
    UNSOCK_TEXT(name, 32);
    struct unsock_run_directory directory;
    struct unsock_port_words port = {0};
    struct unsock_answers answers;
    if (options->operand_count == 0)
        return unsock_text_put(call->error, "path: PORT[@ADDR][/udp] is missing"), UNSOCK_COMMAND_USAGE;
    if (!unsock_choose_directory(call, &directory, call->error) ||
        !unsock_port_words_read(options->operands[0], &port, call->error))
        return UNSOCK_COMMAND_USAGE;
    long result = port.has_address ? unsock_answers_at(directory.path, &port, -1, &answers) : 0;
    if (result < 0 && answers.path.sun_path[0] == '\0') {
        unsock_text_join(call->error, "path: ", directory.path, ": ", unsock_errno_words(-result));
        return UNSOCK_COMMAND_FAILED;
    }
    unsock_port_words_name(&name, &port);
    if (port.has_address)
        unsock_print(answers.path.sun_path, "\n");
    else
        unsock_print(directory.path, "/", name.buffer, "\n");
    return 0;
}

int unsock_path_start(const struct unsock_command_call *call) {
    int status = unsock_options_value(call->options, "--lib") ? print_library_path(call) : print_path(call);
    return status != 0 ? status : unsock_print_end(0, UNSOCK_COMMAND_FAILED, call->error);
}

struct waiting {
    const struct unsock_command_call *call;
    struct unsock_run_directory directory;
    const char *timeout; /* as the user wrote it; NULL: none */
    int64_t deadline;    /* in milliseconds */
    bool gone;
    struct unsock_port_words ports[UNSOCK_OPERANDS_MOST];
    bool is_left[UNSOCK_OPERANDS_MOST]; /* the port is still waited for */
};

/* Reads a time such as 10, 0.5, 10s or 500ms, as milliseconds. */
static bool read_time(const char *text, int64_t *milliseconds) {
    uint64_t whole, thousandths = 0;
    const char *unit = text;
    while ((*unit >= '0' && *unit <= '9') || *unit == '.')
        unit++;
    struct unsock_span rest = {text, (size_t)(unit - text)}, seconds = unsock_span_next(&rest, '.');
    bool has_fraction = rest.at != seconds.at + seconds.length, is_ms = unsock_span_is(unsock_span_of(unit), "ms");
    if (!unsock_span_number(seconds, 10, SECONDS_MOST, &whole) ||
        (has_fraction && !unsock_span_number(rest, 10, 999, &thousandths)) || rest.length > 3)
        return false;
    for (size_t digits = rest.length; digits < 3; digits++)
        thousandths *= 10;
    *milliseconds = (int64_t)(is_ms ? whole : whole * 1000 + thousandths);
    return is_ms || *unit == '\0' || unsock_span_is(unsock_span_of(unit), "s");
}

static bool read_words(struct waiting *waiting) {
    const struct unsock_options *options = waiting->call->options;
    struct unsock_text *error = waiting->call->error;
    int64_t milliseconds = 0;
    for (unsigned i = 0; i < waiting->call->options->operand_count; i++) {
        if (!unsock_port_words_read(options->operands[i], &waiting->ports[i], error))
            return false;
    }
    waiting->gone = unsock_options_value(options, "--gone");
    waiting->timeout = unsock_options_value(options, "--timeout");
    if (waiting->timeout && !read_time(waiting->timeout, &milliseconds))
        return unsock_text_refuse(error, "--timeout", "not a time, such as 10, 0.5, 10s or 500ms", waiting->timeout);
    waiting->deadline = unsock_clock_ms() + milliseconds;
    return unsock_choose_directory(waiting->call, &waiting->directory, error);
}

static int64_t rest_of(const struct waiting *waiting) {
    int64_t rest = waiting->timeout ? waiting->deadline - unsock_clock_ms() : FOR_EVER;
    return waiting->timeout && rest < 0 ? 0 : rest;
}

/* Checks all ports. Returns how many are still waited for, or -errno. `*again`: the ms until the next check. */
static long ask_ports(struct waiting *waiting, int64_t *again) {
    long left = 0;
    *again = FOR_EVER;
    for (unsigned i = 0; i < waiting->call->options->operand_count; i++) {
        struct unsock_answers answers;
        int64_t rest = unsock_sooner(rest_of(waiting), CONNECTION_MOST_MS);
        int64_t most = rest < CONNECTION_LEAST_MS ? CONNECTION_LEAST_MS : rest;
        long result = unsock_answers_at(waiting->directory.path, &waiting->ports[i], most, &answers);
        if (result < 0)
            return result;
        waiting->is_left[i] =
            waiting->gone ? answers.answer != UNSOCK_ANSWER_NOBODY : answers.answer != UNSOCK_ANSWER_READY;
        left += waiting->is_left[i];
        if (answers.answer == UNSOCK_ANSWER_SOON)
            answers.again = LISTENS_SOON_MS;
        if (waiting->is_left[i])
            *again = unsock_sooner(*again, waiting->gone ? GONE_MS : answers.again);
    }
    return left;
}

static int say_late(const struct waiting *waiting) {
    struct unsock_text *error = waiting->call->error;
    const char *directory = waiting->directory.path, *timeout = waiting->timeout, *comma = "";
    char last = timeout[strlen(timeout) - 1];
    unsock_text_put(error, "wait: port ");
    for (unsigned i = 0; i < waiting->call->options->operand_count; i++) {
        if (!waiting->is_left[i])
            continue;
        unsock_text_put(error, comma);
        unsock_port_words_put(error, &waiting->ports[i]);
        comma = ", ";
    }
    unsock_text_join(error, " in ", directory, ": after ", timeout, last == 's' ? " " : " s ",
                     waiting->gone ? "somebody is still there" : "nobody listens", ": \"unsock ls --dir ", directory,
                     "\" shows who is there");
    return UNSOCK_COMMAND_FAILED;
}

int unsock_wait_start(const struct unsock_command_call *call) {
    struct waiting waiting = {.call = call};
    if (!read_words(&waiting))
        return UNSOCK_COMMAND_USAGE;
    uint8_t events[EVENTS_SIZE];
    long inotify = unsock_inotify_init1(O_CLOEXEC | O_NONBLOCK);
    for (;;) {
        /* Adds the watch each time: a directory that was removed and created again has none. */
        bool is_watched = inotify >= 0 && unsock_inotify_add_watch(inotify, waiting.directory.path, CHANGES) >= 0;
        int64_t again;
        long left = ask_ports(&waiting, &again);
        if (left < 0) {
            unsock_text_join(call->error, "directory ", waiting.directory.path, ": ", unsock_errno_words(-left));
            return UNSOCK_COMMAND_FAILED;
        }
        if (left == 0)
            return 0;
        int64_t rest = rest_of(&waiting);
        if (rest == 0)
            return say_late(&waiting);
        again = is_watched ? again : unsock_sooner(again, UNWATCHED_MS);
        /* Waits for a change in the directory since the watch was added. A negative time is no limit. */
        unsock_await(inotify, EPOLLIN, unsock_sooner(rest, again));
        while (inotify >= 0 && unsock_read(inotify, events, sizeof(events)) > 0)
            ;
    }
}
