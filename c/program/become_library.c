/* As the kernel does it for a user who types it. */
#include "program/run.h"

#include "process/errno_words.h"
#include "rt/system_calls.h"

static size_t count_of(const char *const *list) {
    size_t count = 0;
    while (list && list[count])
        count++;
    return count;
}

/* With one word in front, or with `name` in front of that. */
static long execute(const char *library, const char *name, const char *const *words, const char *const *environment) {
    size_t front = name ? 2 : 1, count = count_of(words), size = (count + front + 1) * sizeof(char *);
    struct unsock_exec_space *space = unsock_exec_space_enter(size + 16);
    const char **arguments = space ? unsock_exec_space_cut(space, size) : NULL;
    long result = -ENOMEM;
    if (arguments && words && environment) {
        arguments[0] = library;
        arguments[1] = name;
        memcpy(arguments + front, words, (count + 1) * sizeof(char *));
        result = unsock_execve(library, arguments, environment);
    }
    unsock_exec_space_leave(space);
    return result;
}

static void tell(const char *library, long result, struct unsock_text *error) {
    unsock_text_join(error, "library ", library, ": cannot be executed: ", unsock_errno_words(-result));
    if (result == -EACCES)
        unsock_text_join(error, ": chmod +x ", library);
}

int unsock_become_library_for_run(const struct unsock_run_start *start, struct unsock_text *error) {
    tell(start->library, execute(start->library, "run", start->words, start->caller), error);
    return UNSOCK_RUN_FAILED;
}

void unsock_become_library(const char *library, const char *const *words, const char *const *environment,
                           struct unsock_text *error) {
    tell(library, execute(library, NULL, words, environment), error);
}
