/* Asks, and asks again when the directory has changed, or when something may have changed that it does not tell. */
#include "process/run_directory.h"
#include "program/answers.h"
#include "program/options.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#include <linux/poll.h>

#define LISTENS_SOON_MS 10 /* listen(2) after bind(2) */
#define GONE_MS 200        /* the end of a process that is killed */
#define FILE_MS 50         /* a Unix socket somewhere else */
#define CONNECTION_MS 200  /* whoever is asked notices it */
#define CONNECTION_MOST_MS 1000
#define CONNECTION_LEAST_MS 500 /* whatever is left: with --timeout 0 somebody can still answer */
#define UNWATCHED_MS 100
#define FOR_EVER (-1)
#define SECONDS_DIGITS 6
#define FRACTION_DIGITS 3
/*
 * IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF
 * (linux/inotify.h, which does not go together with fcntl.h).
 */
#define CHANGES (0x4u | 0x8u | 0x40u | 0x80u | 0x100u | 0x200u | 0x400u | 0x800u)
#define EVENTS_SIZE 4096
#define MILLISECOND 1000000

/* Waiting for a directory to change, whether it exists yet or not (inotify(7)). */
struct watch {
    const char *directory; /* absolute */
    long inotify;          /* or -errno: no watch is left for this user */
    long watched;          /* which of its watches; negative: none */
    char place[UNSOCK_RUN_PATH_MOST];
};

static void find_nearest(const char *directory, char *nearest) {
    struct statx status;
    size_t length = strlen(directory);
    memcpy(nearest, directory, length + 1);
    while (length > 1 && unsock_statx(AT_FDCWD, nearest, 0, STATX_TYPE, &status) < 0) {
        while (length > 1 && nearest[length - 1] != '/')
            length--;
        length -= length > 1;
        nearest[length] = '\0';
    }
}

static bool is_place(const struct watch *watch, const char *nearest) {
    size_t length = strlen(nearest) + 1;
    return watch->watched >= 0 && unsock_same(watch->place, nearest, length);
}

/* A directory that was removed and made again has no watch any more: the same call gives it one. */
static bool arm(struct watch *watch) {
    char nearest[UNSOCK_RUN_PATH_MOST];
    if (watch->inotify < 0)
        return false;
    find_nearest(watch->directory, nearest);
    do {
        if (watch->watched >= 0 && !is_place(watch, nearest))
            unsock_inotify_rm_watch(watch->inotify, watch->watched);
        memcpy(watch->place, nearest, strlen(nearest) + 1);
        watch->watched = unsock_inotify_add_watch(watch->inotify, nearest, CHANGES);
        find_nearest(watch->directory, nearest);
    } while (watch->watched >= 0 && !is_place(watch, nearest));
    return watch->watched >= 0;
}

/* Waits for a change since it was armed, at most so many milliseconds; negative: for ever. */
static void wait_for_names(struct watch *watch, int64_t most) {
    uint8_t events[EVENTS_SIZE];
    struct timespec time = {most / 1000, most % 1000 * MILLISECOND};
    struct pollfd poll = {.fd = (int)watch->inotify, .events = POLLIN};
    unsock_ppoll(&poll, watch->inotify >= 0 ? 1 : 0, most < 0 ? NULL : &time, NULL, 0);
    while (watch->inotify >= 0 && unsock_read(watch->inotify, events, sizeof(events)) > 0)
        ;
}

struct waiting {
    const struct unsock_command_call *call;
    struct unsock_run_directory directory;
    const char *timeout; /* as it was written; NULL: none */
    int64_t deadline;    /* in milliseconds */
    bool gone;
    unsigned count;
    struct unsock_port_words ports[UNSOCK_OPERANDS_MOST];
    bool is_left[UNSOCK_OPERANDS_MOST]; /* it is still waited for */
};

static bool read_digits(struct unsock_span *rest, size_t most, uint64_t *number) {
    struct unsock_span digits = {rest->at, 0};
    while (digits.length < rest->length && rest->at[digits.length] >= '0' && rest->at[digits.length] <= '9')
        digits.length++;
    rest->at += digits.length;
    rest->length -= digits.length;
    return digits.length <= most && unsock_span_number(digits, 10, UINT32_MAX, number);
}

/* 10, 0.5, 10s, 500ms, in milliseconds. */
static bool read_time(const char *text, int64_t *milliseconds) {
    struct unsock_span rest = unsock_span_of(text);
    uint64_t whole, fraction = 0;
    if (!read_digits(&rest, SECONDS_DIGITS, &whole))
        return false;
    if (rest.length > 0 && rest.at[0] == '.') {
        rest.at++;
        size_t length = --rest.length;
        if (!read_digits(&rest, FRACTION_DIGITS, &fraction))
            return false;
        for (length -= rest.length; length < FRACTION_DIGITS; length++)
            fraction *= 10;
    }
    bool seconds = rest.length == 0 || unsock_span_is(rest, "s");
    *milliseconds = (int64_t)(seconds ? whole * 1000 + fraction : whole);
    return seconds || unsock_span_is(rest, "ms");
}

static bool read_words(struct waiting *waiting) {
    const struct unsock_options *options = waiting->call->options;
    struct unsock_text *error = waiting->call->error;
    int64_t milliseconds = 0;
    waiting->count = options->operand_count;
    for (unsigned i = 0; i < waiting->count; i++) {
        if (!unsock_port_words_read(options->operands[i], &waiting->ports[i], error))
            return false;
    }
    waiting->gone = unsock_options_value(options, "--gone");
    waiting->timeout = unsock_options_value(options, "--timeout");
    if (waiting->timeout && !read_time(waiting->timeout, &milliseconds)) {
        unsock_text_join(error, "--timeout: not a time, such as 10, 0.5, 10s or 500ms: \"", waiting->timeout, "\"");
        return false;
    }
    waiting->deadline = unsock_clock_ms() + milliseconds;
    return unsock_run_directory_choose(unsock_options_value(options, "--dir"), &waiting->call->environment,
                                       &waiting->directory, error);
}

static int64_t sooner(int64_t one, int64_t other) {
    return one == FOR_EVER || (other != FOR_EVER && other < one) ? other : one;
}

static int64_t rest_of(const struct waiting *waiting) {
    int64_t rest = waiting->timeout ? waiting->deadline - unsock_clock_ms() : FOR_EVER;
    return waiting->timeout && rest < 0 ? 0 : rest;
}

/* When a port that is waited for is to be asked again at the latest. */
static int64_t again_after(const struct waiting *waiting, const struct unsock_answers *answers) {
    static const int64_t by[] = {FOR_EVER, FILE_MS, CONNECTION_MS};
    if (waiting->gone)
        return GONE_MS;
    return answers->answer == UNSOCK_ANSWER_SOON ? LISTENS_SOON_MS : by[answers->by];
}

/* Asks all ports. Returns how many are waited for, with the time after which they are asked again; or -errno. */
static long ask_ports(struct waiting *waiting, int64_t *again) {
    long left = 0;
    *again = FOR_EVER;
    for (unsigned i = 0; i < waiting->count; i++) {
        struct unsock_answers answers;
        int64_t rest = sooner(rest_of(waiting), CONNECTION_MOST_MS);
        int64_t most = rest < CONNECTION_LEAST_MS ? CONNECTION_LEAST_MS : rest;
        long result = unsock_answers_at(waiting->directory.path, &waiting->ports[i], most, &answers);
        if (result < 0)
            return result;
        waiting->is_left[i] =
            waiting->gone ? answers.answer != UNSOCK_ANSWER_NOBODY : answers.answer != UNSOCK_ANSWER_READY;
        left += waiting->is_left[i];
        if (waiting->is_left[i])
            *again = sooner(*again, again_after(waiting, &answers));
    }
    return left;
}

static int say_late(const struct waiting *waiting) {
    struct unsock_text *error = waiting->call->error;
    const char *directory = waiting->directory.path, *timeout = waiting->timeout, *comma = "";
    char last = timeout[strlen(timeout) - 1];
    unsock_text_put(error, "wait: port ");
    for (unsigned i = 0; i < waiting->count; i++) {
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
    struct watch watch = {.directory = waiting.directory.path, .watched = -1};
    watch.inotify = unsock_inotify_init1(O_CLOEXEC | O_NONBLOCK);
    for (;;) {
        bool is_watched = arm(&watch);
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
        again = is_watched ? again : sooner(again, UNWATCHED_MS);
        wait_for_names(&watch, sooner(rest, again));
    }
}
