/* Exports the exec family. libc's functions call each other inside libc, so each of them is interposed. */
#include "process/exec.h"
#include "process/start.h"
#include "rt/system_calls.h"
#include "unsock.h"

#include <stdarg.h>

typedef const char *const *list;

UNSOCK_EXPORT int execveat(int directory, const char *path, list argv, list environment, int flags) {
    struct unsock_exec exec = {directory, path, argv, environment, flags};
    unsock_active();
    return (int)unsock_libc_result(unsock_exec(&exec));
}

UNSOCK_EXPORT int execve(const char *path, list argv, list environment) {
    return execveat(AT_FDCWD, path, argv, environment, 0);
}

UNSOCK_EXPORT int fexecve(int fd, list argv, list environment) {
    return execveat(fd, "", argv, environment, AT_EMPTY_PATH);
}

UNSOCK_EXPORT int execv(const char *path, list argv) {
    return execveat(AT_FDCWD, path, argv, unsock_environment(), 0);
}

UNSOCK_EXPORT int execvpe(const char *name, list argv, list environment) {
    unsock_active();
    return (int)unsock_libc_result(
        unsock_exec_search(name, unsock_search_path(unsock_environment()), argv, environment));
}

UNSOCK_EXPORT int execvp(const char *name, list argv) {
    return execvpe(name, argv, unsock_environment());
}

enum variant { BY_PATH, BY_NAME, WITH_ENVIRONMENT };

/* Does the work of execl, execlp and execle. A NULL ends the arguments; in execle the environment follows. */
static int execute_listed(enum variant variant, const char *name, const char *first, va_list *arguments) {
    va_list counting;
    size_t count = 1;
    va_copy(counting, *arguments);
    while (first && va_arg(counting, const char *))
        count++;
    va_end(counting);
    struct unsock_exec_space *space = unsock_exec_space_enter((count + 1) * sizeof(char *) + 16);
    const char **argv = space ? unsock_exec_space_cut(space, (count + 1) * sizeof(char *)) : NULL;
    if (!argv)
        return (int)unsock_libc_result(-ENOMEM);
    argv[0] = first;
    for (size_t i = 1; first && i <= count; i++)
        argv[i] = va_arg(*arguments, const char *);
    list environment = variant == WITH_ENVIRONMENT ? va_arg(*arguments, list) : unsock_environment();
    int result = variant == BY_NAME ? execvpe(name, argv, environment) : execve(name, argv, environment);
    unsock_exec_space_leave(space);
    return result;
}

#define LISTED(function, variant)                                                                                      \
    UNSOCK_EXPORT int function(const char *name, const char *first, ...) {                                             \
        va_list arguments;                                                                                             \
        va_start(arguments, first);                                                                                    \
        int result = execute_listed(variant, name, first, &arguments);                                                 \
        va_end(arguments);                                                                                             \
        return result;                                                                                                 \
    }

LISTED(execl, BY_PATH)
LISTED(execlp, BY_NAME)
LISTED(execle, WITH_ENVIRONMENT)
