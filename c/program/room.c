/* As the kernel does it for a user who types it. */
#include "program/room.h"

#include "process/exec_space.h"
#include "process/words.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#define ARGUMENTS_IN_FRONT 2

static size_t count_of(const char *const *list) {
    size_t count = 0;
    while (list[count])
        count++;
    return count;
}

int unsock_room_enter(const struct unsock_run_start *start, struct unsock_text *error) {
    size_t words = count_of(start->words), size = (words + ARGUMENTS_IN_FRONT + 1) * sizeof(char *);
    struct unsock_exec_space *space = unsock_exec_space_enter(size + 16);
    const char **arguments = space ? unsock_exec_space_cut(space, size) : NULL;
    long result = -ENOMEM;
    if (arguments) {
        arguments[0] = start->library;
        arguments[1] = "run";
        memcpy(arguments + ARGUMENTS_IN_FRONT, start->words, (words + 1) * sizeof(char *));
        result = unsock_sys(__NR_execve, start->library, arguments, start->caller);
    }
    if (space)
        unsock_exec_space_leave(space);
    unsock_text_join(error, "library ", start->library, ": cannot be executed: ", unsock_words_of(-result));
    if (result == -EACCES)
        unsock_text_join(error, ": chmod +x ", start->library);
    return UNSOCK_RUN_FAILED;
}
