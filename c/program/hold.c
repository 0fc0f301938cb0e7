/* The command `hold` (program/run.h). Its process has a session of its own and blocks all signals: a signal to the
 * caller, such as Ctrl-C, must not end `hold` before the end of standard input. */
#include "program/run.h"

#include "rt/system_calls.h"

#define REQUEST_MOST 8192
#define ANSWER_MOST 8192
#define MAP "map "
#define UNUSED "unused"
#define EXIT_LEFT 1 /* a process that uses the directory could not be killed */

static long tell(const char *answer) {
    unsock_print(answer);
    unsock_print_char('\0');
    return unsock_print_flush();
}

static int next_byte(void) {
    static UNSOCK_TABLE unsigned char bytes[REQUEST_MOST];
    static long at, count;
    if (at == count) {
        count = unsock_read(0, bytes, sizeof(bytes));
        at = 0;
    }
    return at < count ? bytes[at++] : -1;
}

/* Reads "LENGTH\n", and then LENGTH bytes into `request`. Returns false at the end of standard input. If a request is
 * malformed or too long, skips it and sets `wrong` to the reason; otherwise sets `wrong` to NULL. */
static bool read_request(char request[REQUEST_MOST + 1], const char **wrong) {
    uint64_t length = 0;
    int c;
    *wrong = NULL;
    while ((c = next_byte()) >= '0' && c <= '9' && length <= UINT32_MAX)
        length = length * 10 + (uint64_t)(c - '0');
    if (c != '\n')
        *wrong = "not a length in bytes, a newline and a text of that length";
    for (; *wrong && c >= 0 && c != '\n'; length = 0)
        c = next_byte();
    for (uint64_t i = 0; i < length && c >= 0; i++) {
        c = next_byte();
        if (i < REQUEST_MOST)
            request[i] = (char)c;
        if (c == '\0')
            *wrong = "a NUL in the text";
    }
    if (length > REQUEST_MOST)
        *wrong = "longer than 8192 bytes";
    request[UNSOCK_MIN(length, REQUEST_MOST)] = '\0';
    return c >= 0;
}

/* Answers a request. Returns false for the request "unused": no process uses the directory. A relative PATH of "map" is
 * relative to the working directory, which this process shares with the program that started it. */
static bool answer_request(const char *path, const char *request, const char *wrong) {
    struct unsock_run_map map;
    UNSOCK_TEXT(error, ANSWER_MOST);
    bool is_used = wrong || !unsock_span_is(unsock_span_of(request), UNUSED);
    if (wrong)
        unsock_text_join(&error, "hold: bad request: ", wrong);
    else if (is_used && !unsock_begins(request, MAP))
        unsock_text_join(&error, "hold: no such request: \"", request, "\"");
    else if (is_used && unsock_run_map_read(request + sizeof(MAP) - 1, &map, &error))
        unsock_run_maps_place(path, &map, 1, true, &error);
    tell(error.buffer);
    return is_used;
}

int unsock_hold(const char *path, const char *const *environment, const char *const *caller) {
    char request[REQUEST_MOST + 1];
    const char *wrong;
    UNSOCK_TEXT(left, ANSWER_MOST);
    UNSOCK_TEXT(last, ANSWER_MOST + UNSOCK_PATH_MOST);
    bool is_used = true;
    unsock_keeper_begin();
    /* Prints all variables with one flush, as each write would wake up the reader. */
    for (; *environment; environment++) {
        if (!unsock_run_is_ours(*environment, caller))
            continue;
        unsock_print(*environment);
        unsock_print_char('\0');
    }
    if (tell("") == 0) {
        /* Puts /dev/null in the place of the caller's standard error, which may be a terminal, a pipe or a file. */
        long null = unsock_openat(AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
        if (null >= 0)
            unsock_dup3(null, 2, O_CLOEXEC);
        if (null > 2)
            unsock_close(null);
        while (read_request(request, &wrong))
            is_used = answer_request(path, request, wrong);
    }
    if (is_used)
        unsock_users_end(path, &left);
    if (!unsock_private_remove(path) && left.length == 0)
        unsock_text_put(&left, "the caller, or a process that cannot be seen");
    if (left.length > 0)
        unsock_text_join(&last, "hold: not ended: ", left.buffer, ": uses ", path);
    tell(last.buffer);
    return left.length == 0 ? 0 : EXIT_LEFT;
}
