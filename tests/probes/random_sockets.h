/* Shared by the probes of random calls on sockets: their arguments, and how one goes on after exec. */
#ifndef PROBE_RANDOM_SOCKETS_H
#define PROBE_RANDOM_SOCKETS_H

#include "random.h"

static bool executes; /* then options are forgotten (docs/limits.md) */
static bool dual;     /* IPv6 sockets are for IPv4 too, and bound to the wildcard alone */

/* The state that a program passes on to its next start, besides its descriptors. */
struct kept {
    void *at;
    size_t size;
};

static inline const char *outcome(long result) {
    static char text[32];
    if (result < 0)
        return errno_name(errno);
    snprintf(text, sizeof text, "%ld", result);
    return text;
}

/* Executes this program again with one more argument: the bytes of its state, for its next start. */
static inline void execute_again(char **argv, const struct kept *kept, size_t count) {
    char text[4096], *end = text;
    char *arguments[] = {argv[0], argv[1], argv[2], argv[3], text, NULL};
    for (size_t part = 0; part < count; part++) {
        if (2 * kept[part].size >= (size_t)(text + sizeof text - end))
            die("execute_again: too much state");
        for (size_t i = 0; i < kept[part].size; i++, end += 2)
            snprintf(end, 3, "%02x", ((const unsigned char *)kept[part].at)[i]);
    }
    fflush(stdout);
    execv("/proc/self/exe", arguments);
    die("execv");
}

static inline void take_state(const char *text, const struct kept *kept, size_t count) {
    for (size_t part = 0; part < count; part++)
        for (size_t i = 0; i < kept[part].size; i++, text += 2) {
            unsigned byte = 0;
            if (sscanf(text, "%2x", &byte) != 1)
                die("take_state: too little state");
            ((unsigned char *)kept[part].at)[i] = (unsigned char)byte;
        }
}

/* Makes the calls: PROBE SEED CALLS [exec|dual]. `table` and `more` are the probe's own state. */
static inline void make_calls(int argc, char **argv, void (*one_call)(void), struct kept table, struct kept more) {
    const struct kept kept[] = {{&random_state, sizeof random_state}, {&step, sizeof step}, table, more};
    const size_t count = sizeof kept / sizeof kept[0];
    if (argc < 3)
        die("usage: PROBE SEED CALLS [exec|dual]");
    random_start(argv[1]);
    executes = argc > 3 && strcmp(argv[3], "exec") == 0;
    dual = argc > 3 && strcmp(argv[3], "dual") == 0;
    if (argc > 4)
        take_state(argv[4], kept, count);
    while (step < atoi(argv[2])) {
        one_call();
        bool again = executes && roll(8) == 0;
        step++;
        if (again)
            execute_again(argv, kept, count);
    }
}

#endif
