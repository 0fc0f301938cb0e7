/* By a last string in the environment, as the loader is told what to load (process/exec.h). */
#include "program/room.h"

#include "process/exec_space.h"
#include "process/words.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"

#define ASKED "UNSOCK_ROOM="
#define ISOLATE 'i'
#define PRIVATE 'p' /* and behind it the number of the descriptor */
#define MARKER_MOST 48
#define ARGUMENTS_IN_FRONT 2

bool unsock_room_asked(const char **environment, struct unsock_room *room) {
    uint64_t number;
    size_t count = 0;
    while (environment[count])
        count++;
    if (count == 0)
        return false;
    const char *last = environment[count - 1];
    if (strlen(last) < sizeof(ASKED) - 1 || !unsock_same(last, ASKED, sizeof(ASKED) - 1))
        return false;
    struct unsock_span rest = unsock_span_of(last + sizeof(ASKED) - 1);
    room->isolate = rest.length > 0 && rest.at[0] == ISOLATE;
    room->private = false;
    if (room->isolate)
        rest = (struct unsock_span){rest.at + 1, rest.length - 1};
    if (rest.length > 0 && rest.at[0] == PRIVATE &&
        unsock_span_number((struct unsock_span){rest.at + 1, rest.length - 1}, 10, INT32_MAX, &number))
        *room = (struct unsock_room){room->isolate, true, (int)number};
    environment[count - 1] = NULL;
    return room->isolate || room->private;
}

static size_t count_of(const char *const *list) {
    size_t count = 0;
    while (list[count])
        count++;
    return count;
}

int unsock_room_enter(const struct unsock_run_start *start, struct unsock_text *error) {
    char marker[MARKER_MOST];
    struct unsock_text text;
    size_t words = count_of(start->words), variables = count_of(start->caller);
    size_t arguments_size = (words + ARGUMENTS_IN_FRONT + 1) * sizeof(char *);
    size_t environment_size = (variables + 2) * sizeof(char *);
    struct unsock_exec_space *space = unsock_exec_space_enter(arguments_size + environment_size + 2 * 16);
    const char **arguments = space ? unsock_exec_space_cut(space, arguments_size) : NULL;
    const char **environment = space ? unsock_exec_space_cut(space, environment_size) : NULL;
    long result = -ENOMEM;
    if (arguments && environment) {
        unsock_text_start(&text, marker, sizeof(marker));
        unsock_text_put(&text, ASKED);
        if (start->room.isolate)
            unsock_text_char(&text, ISOLATE);
        if (start->room.private) {
            unsock_text_char(&text, PRIVATE);
            unsock_text_number(&text, (uint64_t)start->room.lock, 10, 1);
            unsock_sys(__NR_fcntl, start->room.lock, F_SETFD, 0);
        }
        arguments[0] = "unsock";
        arguments[1] = "run";
        memcpy(arguments + ARGUMENTS_IN_FRONT, start->words, (words + 1) * sizeof(char *));
        memcpy(environment, start->caller, variables * sizeof(char *));
        environment[variables] = marker;
        environment[variables + 1] = NULL;
        result = unsock_sys(__NR_execve, start->library, arguments, environment);
    }
    if (space)
        unsock_exec_space_leave(space);
    unsock_text_join(error, "library ", start->library, ": cannot be executed: ", unsock_words_of(-result));
    if (result == -EACCES)
        unsock_text_join(error, ": chmod +x ", start->library);
    return UNSOCK_RUN_FAILED;
}
