/* In a session of its own, with all signals blocked: what ends its caller does not end it before its work is done. */
#include "program/keeper.h"

#include "process/users_of.h"
#include "rt/system_calls.h"

#include <linux/prctl.h>

#define NAME "unsock"
#define REQUEST_MOST 8192
#define ANSWER_MOST 8192
#define MAP "map "
#define UNUSED "unused"
#define NULL_DEVICE "/dev/null"
#define EXIT_LEFT 1 /* somebody cannot be killed, and uses the directory */

/* At once, as each piece would wake up who reads them. */
static long tell_environment(const struct unsock_hold *hold) {
    struct unsock_printer printer;
    printer.used = 0;
    printer.result = 0;
    for (const char *const *variable = hold->environment; *variable; variable++) {
        if (!unsock_run_is_ours(*variable, hold->caller))
            continue;
        unsock_printer_put(&printer, *variable);
        unsock_printer_char(&printer, '\0');
    }
    unsock_printer_char(&printer, '\0');
    return unsock_printer_end(&printer);
}

/* Relative paths are the caller's: the working directory is still his. */
static void answer(const struct unsock_hold *hold, const char *request, bool *is_used) {
    char buffer[ANSWER_MOST];
    struct unsock_environment environment = {.list = hold->environment};
    const char *addresses = unsock_environment_get(&environment, "UNSOCK_ADDR");
    struct unsock_run_map map;
    struct unsock_text error = unsock_text_in(buffer, sizeof(buffer));
    *is_used = !unsock_span_is(unsock_span_of(request), UNUSED);
    if (*is_used && !unsock_begins(request, MAP))
        unsock_text_join(&error, "hold: no such request: \"", request, "\"");
    else if (*is_used && unsock_run_map_read(request + sizeof(MAP) - 1, addresses ? addresses : "", &map, &error))
        unsock_run_map_place(hold->private->path, &map, true, &error);
    unsock_output(buffer, error.length + 1);
}

/*
 * Returns whether somebody may use the directory. A request that is too long is none: it ends all, as nobody knows
 * where the next one begins.
 */
static bool serve(const struct unsock_hold *hold) {
    char buffer[REQUEST_MOST];
    size_t filled = 0;
    bool is_used = true;
    while (filled < sizeof(buffer)) {
        long count = unsock_read(0, buffer + filled, sizeof(buffer) - filled);
        if (count <= 0)
            break;
        filled += (size_t)count;
        for (size_t end = 0; end < filled;) {
            if (buffer[end++] != '\0')
                continue;
            answer(hold, buffer, &is_used);
            memmove(buffer, buffer + end, filled - end);
            filled -= end;
            end = 0;
        }
    }
    return is_used;
}

/* A terminal, a pipe or a file that the caller's errors go to is not held. */
static void leave_error_output(void) {
    long null = unsock_openat(AT_FDCWD, NULL_DEVICE, O_RDWR | O_CLOEXEC, 0);
    if (null >= 0)
        unsock_dup3(null, 2, O_CLOEXEC);
    if (null > 2)
        unsock_close(null);
}

int unsock_hold(const struct unsock_hold *hold) {
    unsock_keeper_mask(UNSOCK_ALL_SIGNALS, NULL);
    unsock_setsid();
    unsock_prctl(PR_SET_NAME, (unsigned long)NAME, 0, 0, 0);
    bool is_used = true;
    if (tell_environment(hold) == 0) {
        leave_error_output();
        is_used = serve(hold);
    }
    if (is_used)
        unsock_users_end(hold->private->path);
    return unsock_private_remove(hold->private->path) ? 0 : EXIT_LEFT;
}
