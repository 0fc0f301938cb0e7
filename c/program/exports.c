/* The exported functions by which the command line does what the library does as a program. */
#include "process/errno_words.h"
#include "process/route.h"
#include "process/run_directory.h"
#include "process/start.h"
#include "program/caller.h"
#include "program/run.h"
#include "rt/system_calls.h"
#include "trap/image.h"

#define NOBODY 65534
#define READ_FIRST 65536
#define COMMAND "run"

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
                      struct unsock_text *error) {
    struct unsock_exec_space *first = NULL, *second = NULL;
    start->words = list_of(words->bytes, words->length, &first);
    start->caller = list_of(environment->bytes, environment->length, &second);
    int status = start->words && start->caller ? unsock_run_words(start, error) : UNSOCK_RUN_FAILED;
    unsock_exec_space_leave(second);
    unsock_exec_space_leave(first);
    return status;
}

/* A file of /proc, whole, in a space of its own. NULL: it cannot be read. */
static const char *read_whole(const char *path, size_t *length, struct unsock_exec_space **space) {
    for (size_t size = READ_FIRST;; size *= 2) {
        *space = unsock_exec_space_enter(size);
        char *bytes = *space ? unsock_exec_space_cut(*space, size - 16) : NULL;
        long fd = bytes ? unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0) : -ENOMEM, count = fd;
        *length = 0;
        while (fd >= 0 && *length < size - 16 && (count = unsock_read(fd, bytes + *length, size - 16 - *length)) > 0)
            *length += (size_t)count;
        unsock_close_open(fd);
        if (count == 0)
            return bytes;
        unsock_exec_space_leave(*space);
        *space = NULL;
        if (count < 0)
            return NULL;
    }
}

/* Where the last `count` of so many strings begin. SIZE_MAX: there are fewer. */
static size_t last_strings(const char *block, size_t length, size_t count) {
    size_t at = length;
    for (; count > 0 && at > 0; count--) {
        at--; /* its NUL */
        while (at > 0 && block[at - 1] != '\0')
            at--;
    }
    return count == 0 ? at : SIZE_MAX;
}

/* The kernel's copy of a trapped program's variables has two at its end that told the library what to load. */
static void leave_out_load(struct block *variables) {
    const size_t length = sizeof(UNSOCK_LOAD_FILE) - 1;
    size_t at = last_strings(variables->bytes, variables->length, 2);
    if (at != SIZE_MAX && variables->length - at > length &&
        unsock_same(variables->bytes + at, UNSOCK_LOAD_FILE, length))
        variables->length = at;
}

/* This process's last `count` words, and its variables, as the kernel has them. False: it does not tell. */
static bool read_own(unsigned count, struct block *words, struct block *variables,
                     struct unsock_exec_space *spaces[2]) {
    words->bytes = read_whole("/proc/self/cmdline", &words->length, &spaces[0]);
    size_t at = words->bytes ? last_strings(words->bytes, words->length, count) : SIZE_MAX;
    variables->bytes = at != SIZE_MAX ? read_whole("/proc/self/environ", &variables->length, &spaces[1]) : NULL;
    if (!variables->bytes)
        return false;
    words->bytes += at;
    words->length -= at;
    leave_out_load(variables);
    return true;
}

int unsock_run_called(unsigned count, const char *library, char *error, size_t size) {
    struct unsock_exec_space *spaces[2] = {NULL};
    struct block words, variables;
    struct unsock_run_start start = {.library = library, .is_crowded = true};
    struct unsock_text line;
    int status = -ENOTSUP;
    unsock_text_start(&line, error, size);
    if (read_own(count, &words, &variables, spaces) && words.length >= sizeof(COMMAND) &&
        unsock_same(words.bytes, COMMAND, sizeof(COMMAND))) {
        words.bytes += sizeof(COMMAND);
        words.length -= sizeof(COMMAND);
        unsock_caller_restore();
        status = start_with(&start, &words, &variables, &line);
    }
    unsock_exec_space_leave(spaces[1]);
    unsock_exec_space_leave(spaces[0]);
    return status;
}

int unsock_program_called(unsigned count, const char *library, char *error, size_t size) {
    struct unsock_exec_space *spaces[4] = {NULL};
    struct block words, variables;
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    if (read_own(count, &words, &variables, spaces)) {
        unsock_caller_restore();
        unsock_become_library(library, list_of(words.bytes, words.length, &spaces[2]),
                              list_of(variables.bytes, variables.length, &spaces[3]), &line);
    } else {
        unsock_text_put(&line, "/proc does not tell this process's words: is it mounted?");
    }
    for (int i = 3; i >= 0; i--)
        unsock_exec_space_leave(spaces[i]);
    return UNSOCK_RUN_FAILED;
}

/* What of a made environment a command is started with for the library's sake. */
static void put_settings(const struct unsock_run_environment *made, struct unsock_text *text) {
    for (const char *const *string = made->list; *string; string++) {
        if (!unsock_begins(*string, "UNSOCK_") && !unsock_begins(*string, "LD_PRELOAD="))
            continue;
        unsock_text_put(text, *string);
        unsock_text_char(text, '\0');
    }
}

static int read_settings(const char *const *words, const char *const *caller, const char *library,
                         struct unsock_text *text) {
    struct unsock_environment environment = {.list = caller};
    struct unsock_run_environment made = {.space = NULL};
    struct unsock_settings before = unsock_settings;
    struct unsock_run_options options;
    struct unsock_run_directory directory;
    bool good = unsock_run_options_read(words, &options, text) &&
                unsock_setting_names_check(&environment, unsock_setting_name, text) &&
                unsock_run_directory_choose(options.directory, &environment, &directory, text);
    if (good) {
        unsock_run_options_for_group(&options, &environment);
        good = unsock_run_environment_make(&options, caller, directory.path, library, &made, text);
    }
    if (good)
        put_settings(&made, text);
    unsock_exec_space_leave(made.space);
    unsock_settings = before;
    return good && !text->cut ? directory.asked : -EINVAL;
}

int unsock_run_settings(const char *words, size_t words_length, const char *environment, size_t length,
                        const char *library, char *buffer, size_t size) {
    struct unsock_exec_space *first = NULL, *second = NULL;
    struct unsock_text text;
    unsock_text_start(&text, buffer, size);
    const char **options = list_of(words, words_length, &first), **caller = list_of(environment, length, &second);
    int result = options && caller ? read_settings(options, caller, library, &text) : -ENOMEM;
    unsock_exec_space_leave(second);
    unsock_exec_space_leave(first);
    return result;
}

static void put_step(struct unsock_route *route, const struct unsock_route_step *step) {
    static const char doors[][8] = {"preload", "trap", "none", "script", "unknown"};
    unsock_text_join(route->context, doors[step->door], "\t", step->file, "\t", step->why, "\n");
}

int unsock_route(const char *command, const char *search, char *text, size_t size) {
    char file[UNSOCK_ROUTE_PATH_MOST], line[2 * UNSOCK_ROUTE_PATH_MOST];
    struct unsock_text steps;
    struct unsock_text error = unsock_text_in(line, sizeof(line));
    struct unsock_route route = {.search = search, .error = &error, .see = put_step, .context = &steps};
    unsock_text_start(&steps, text, size);
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
    return !unsock_user_may_load(&nobody, path);
}

int unsock_check_sockets(char *error, size_t size) {
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    return unsock_sockets_allowed(&line) ? 0 : -EACCES;
}

int unsock_check_rewriting(const char *path, char *error, size_t size) {
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    long result = fd < 0 ? fd : unsock_patch_allowed(fd, UNSOCK_PAGE);
    unsock_close_open(fd);
    if (result < 0)
        unsock_text_put(&line, unsock_errno_words(-result));
    return (int)result;
}

int unsock_user_may(const char *user, int64_t group, const char *path, int rights) {
    struct unsock_user who = {.uid = NOBODY, .group_count = 1, .groups = {NOBODY}};
    if (user && !unsock_user_named(user, &who))
        return 1;
    if (group >= 0)
        who.groups[0] = (uint32_t)group;
    return (int)unsock_user_access(&who, path, rights);
}

int unsock_directory_rights(const char *group, const char *mode, int64_t numbers[2], char *error, size_t size) {
    struct unsock_directory_rights rights;
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    if (!unsock_directory_rights_read(group, mode, &rights, &line))
        return -EINVAL;
    numbers[0] = rights.name ? (int64_t)rights.group : -1;
    numbers[1] = rights.mode;
    return rights.given;
}

int unsock_directory_prepare(const char *path, int how, const char *group, const char *mode, char *error, size_t size) {
    struct unsock_run_directory directory = {.asked = (how & UNSOCK_DIRECTORY_ASKED) != 0};
    struct unsock_directory_rights rights;
    struct unsock_text line;
    struct unsock_text copy = unsock_text_in(directory.path, sizeof(directory.path));
    bool force = (how & UNSOCK_DIRECTORY_FORCE) != 0, made = false;
    unsock_text_start(&line, error, size);
    unsock_text_put(&copy, path);
    if (how & UNSOCK_DIRECTORY_PLACE)
        return unsock_run_directory_check_place(&directory, force, &line) ? 0 : -EINVAL;
    if (how & UNSOCK_DIRECTORY_CHECK)
        return unsock_run_directory_check(&directory, force, &line) ? 0 : -EINVAL;
    bool good = unsock_directory_rights_read(group, mode, &rights, &line) &&
                unsock_directory_rights_prepare(&directory, force, &rights, &made, &line);
    return good ? made : -EINVAL;
}
