/* The exported functions by which the command line does what the library does as a program. */
#include "process/exec_space.h"
#include "process/private.h"
#include "process/proof.h"
#include "process/route.h"
#include "process/user_change.h"
#include "program/room.h"
#include "program/run.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "unsock.h"

#define NOBODY 65534

/* NUL-terminated strings, one behind the other, as a list. NULL: no memory. */
static const char **list_of(const char *block, size_t length, struct unsock_exec_space **space) {
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += block[i] == '\0';
    *space = unsock_exec_space_enter((count + 1) * sizeof(char *) + 16);
    const char **list = *space ? unsock_exec_space_cut(*space, (count + 1) * sizeof(char *)) : NULL;
    for (size_t i = 0, at = 0; list && i < count; i++) {
        list[i] = block + at;
        at += strlen(block + at) + 1;
    }
    if (list)
        list[count] = NULL;
    return list;
}

/* Words and environment, each as a block of `length` bytes. */
struct block {
    const char *bytes;
    size_t length;
};

static int start_with(struct unsock_run_start *start, const struct block *words, const struct block *environment,
                      int (*run)(const struct unsock_run_start *start, struct unsock_text *error),
                      struct unsock_text *error) {
    struct unsock_exec_space *first = NULL, *second = NULL;
    start->words = list_of(words->bytes, words->length, &first);
    start->caller = list_of(environment->bytes, environment->length, &second);
    int status = start->words && start->caller ? run(start, error) : UNSOCK_RUN_FAILED;
    if (second)
        unsock_exec_space_leave(second);
    if (first)
        unsock_exec_space_leave(first);
    return status;
}

int unsock_run(const char *words, size_t words_length, const char *environment, size_t length, const char *library,
               int how, char *error, size_t size) {
    struct block word_block = {words, words_length}, variables = {environment, length};
    struct unsock_run_start start = {.library = library, .only_check = how == 1, .settings_only = how == 2};
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    return start_with(&start, &word_block, &variables, unsock_run_words, &line);
}

int unsock_run_room(const char *words, size_t words_length, const char *environment, size_t length, const char *library,
                    int isolate, int lock, char *error, size_t size) {
    struct block word_block = {words, words_length}, variables = {environment, length};
    struct unsock_run_start start = {.library = library, .room = {isolate != 0, lock >= 0, lock}};
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    return start_with(&start, &word_block, &variables, unsock_room_enter, &line);
}

int unsock_private_directory(const char *directory, char *text, size_t size) {
    struct unsock_private private;
    struct unsock_text line;
    unsock_text_start(&line, text, size);
    if (!unsock_private_make(directory, &private, &line))
        return -EINVAL;
    unsock_text_put(&line, private.path);
    return (int)private.lock;
}

void unsock_private_drop(const char *path, int lock) {
    unsock_private_remove(path);
    unsock_sys(__NR_close, lock);
}

void unsock_private_prune(const char *directory, int remove, char *text, size_t size) {
    struct unsock_text paths;
    unsock_text_start(&paths, text, size);
    unsock_private_sweep(directory, remove != 0, &paths);
}

static void put_step(struct unsock_route *route, const struct unsock_route_step *step) {
    static const char doors[][8] = {"preload", "trap", "none", "script", "unknown"};
    unsock_text_join(route->context, doors[step->door], "\t", step->file, "\t", step->why, "\n");
}

int unsock_route(const char *command, const char *search, char *text, size_t size) {
    char file[UNSOCK_ROUTE_PATH_MOST], line[2 * UNSOCK_ROUTE_PATH_MOST];
    struct unsock_text steps, error;
    struct unsock_route route = {.search = search, .error = &error, .see = put_step, .context = &steps};
    unsock_text_start(&steps, text, size);
    unsock_text_start(&error, line, sizeof(line));
    if (unsock_route_find(&route, command, file) && unsock_route_follow(&route, file))
        return 0;
    unsock_text_start(&steps, text, size);
    unsock_text_put(&steps, line);
    return route.status;
}

int unsock_check_library(const char *path, char *error, size_t size) {
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    if (!unsock_proof_library(path, &line))
        return -EINVAL;
    struct unsock_user nobody = {.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    return unsock_user_lacks(&nobody, path, NULL) == UNSOCK_USER_LACKS_LIBRARY;
}
