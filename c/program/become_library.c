/* The command line becomes the library: as the kernel does it for a user who types it. */
#include "process/exec.h"
#include "program/caller.h"
#include "rt/system_calls.h"
#include "rules/errno.h"
#include "trap/image.h"
#include "unsock.h"

#define READ_FIRST 65536
#define FAILED 125

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

/* With the library's path in front. */
static long execute_library(const char *library, const char *const *words, const char *const *environment) {
    size_t count = 0;
    while (words && words[count])
        count++;
    struct unsock_exec_space *space = unsock_exec_space_enter((count + 2) * sizeof(char *) + 16);
    const char **arguments = space ? unsock_exec_space_cut(space, (count + 2) * sizeof(char *)) : NULL;
    long result = -ENOMEM;
    if (arguments && words && environment) {
        arguments[0] = library;
        memcpy(arguments + 1, words, (count + 1) * sizeof(char *));
        result = unsock_execve(library, arguments, environment);
    }
    unsock_exec_space_leave(space);
    return result;
}

int unsock_program_called(unsigned count, const char *library, char *error, size_t size) {
    struct unsock_exec_space *spaces[4] = {NULL};
    struct block words, variables;
    struct unsock_text line;
    unsock_text_start(&line, error, size);
    if (read_own(count, &words, &variables, spaces)) {
        unsock_caller_restore();
        long result = execute_library(library, list_of(words.bytes, words.length, &spaces[2]),
                                      list_of(variables.bytes, variables.length, &spaces[3]));
        unsock_text_join(&line, words.bytes, ": library ", library,
                         ": cannot be executed: ", unsock_errno_words(-result));
    } else {
        unsock_text_put(&line, "/proc does not tell this process's words: is it mounted?");
    }
    for (int i = 3; i >= 0; i--)
        unsock_exec_space_leave(spaces[i]);
    return FAILED;
}
