/* Searches the directories of PATH for a program. */
#include "process/exec.h"

#include "kernel/file_info.h"

static const char shell[] = "/bin/sh";

const char *unsock_search_path(const char *const *environment) {
    const char *path = unsock_environment_get(environment, "PATH");
    return path ? path : "/bin:/usr/bin";
}

bool unsock_search_next(struct unsock_span *rest, bool *more, const char *name, char *file) {
    struct unsock_text text = {.cut = true};
    while (*more && text.cut) {
        size_t before = rest->length;
        struct unsock_span directory = unsock_span_next(rest, ':');
        *more = directory.length < before;
        text = unsock_text_in(file, UNSOCK_PATH_MOST);
        unsock_text_span(&text, directory);
        unsock_text_join(&text, directory.length > 0 ? "/" : "./", name);
    }
    return !text.cut;
}

/* True for an errno after which execvp tries the next directory (glibc's posix/execvpe.c). */
static bool is_next_directory_tried(long error) {
    return error == -ENOENT || error == -ENOTDIR || error == -ESTALE || error == -ENODEV || error == -ETIMEDOUT ||
           error == -EACCES;
}

static long execute_by_shell(const char *file, const char *const *argv, const char *const *environment) {
    size_t count = unsock_list_length(argv);
    struct unsock_exec_space *space = unsock_exec_space_enter((count + 3) * sizeof(char *) + 16);
    const char **list = space ? unsock_exec_space_cut(space, (count + 3) * sizeof(char *)) : NULL;
    if (!list)
        return -ENOMEM;
    list[0] = shell;
    list[1] = file;
    list[2] = NULL;
    for (size_t i = 1; i <= count; i++)
        list[i + 1] = argv[i];
    struct unsock_exec exec = {AT_FDCWD, shell, list, environment, 0};
    long result = unsock_exec(&exec);
    unsock_exec_space_leave(space);
    return result;
}

static long execute_found(const char *file, const char *const *argv, const char *const *environment) {
    struct unsock_exec exec = {AT_FDCWD, file, argv, environment, 0};
    long result = unsock_exec(&exec);
    return result == -ENOEXEC ? execute_by_shell(file, argv, environment) : result;
}

/* Writes each path for `name` into `file` and executes it; with `finds`, ends at the first that may be executed. */
static long search(const char *name, const char *path, char *file, bool finds, const char *const *argv,
                   const char *const *environment) {
    struct unsock_span rest = unsock_span_of(path);
    bool more = name[0] != '\0';
    long error = -ENOENT;
    while (unsock_search_next(&rest, &more, name, file)) {
        /* Without this check, each missing file would cost a plan (unsock_exec_prepare), with checks of all strings. */
        long result = unsock_program_may_execute(AT_FDCWD, file, 0);
        if (!finds && result != -ENOENT)
            result = execute_found(file, argv, environment);
        if (result == 0 || !is_next_directory_tried(result))
            return result;
        if (result == -EACCES)
            error = result;
    }
    return error;
}

long unsock_exec_search(const char *name, const char *path, const char *const *argv, const char *const *environment) {
    if (unsock_span_has(unsock_span_of(name), '/'))
        return execute_found(name, argv, environment);
    struct unsock_exec_space *space = unsock_exec_space_enter(UNSOCK_PATH_MOST + 16);
    char *file = space ? unsock_exec_space_cut(space, UNSOCK_PATH_MOST) : NULL;
    long result = file ? search(name, path, file, false, argv, environment) : -ENOMEM;
    unsock_exec_space_leave(space);
    return result;
}

long unsock_exec_find(const char *name, const char *path, char *file) {
    if (!unsock_span_has(unsock_span_of(name), '/'))
        return search(name, path, file, true, NULL, NULL);
    struct unsock_text text = unsock_text_in(file, UNSOCK_PATH_MOST);
    unsock_text_put(&text, name);
    return text.cut ? -ENAMETOOLONG : 0;
}
