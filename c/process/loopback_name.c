/* Gives and removes names of loopbacks. A name is a symbolic link. A new link is made as ".next", then renamed to its
 * own name, over any old link. A process that makes or removes a name locks the directory of the names (flock(2)).
 * Otherwise, a process that has found a dangling link could remove a new link that has just replaced it. */
#include "process/run_directory.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

static bool is_loopback_name(struct unsock_span name) {
    for (size_t i = 0; i < name.length; i++) {
        char c = name.at[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_letter && (c != '-' || i == 0 || i + 1 == name.length))
            return false;
    }
    return name.length > 0 && name.length <= UNSOCK_LOOPBACK_NAME_MOST;
}

bool unsock_loopback_name_check(const char *name, struct unsock_text *error) {
    if (!name || is_loopback_name(unsock_span_of(name)))
        return true;
    return unsock_text_fail(error, "run: --name: must be 1 to 63 of a-z, 0-9 and -, as a host's name: \"", name, "\"");
}

static long lock_names(const char *names) {
    long fd = unsock_openat(AT_FDCWD, names, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    return unsock_opened(fd, fd < 0 ? fd : unsock_flock(fd, LOCK_EX));
}

/* Removes the names of directories that no longer exist. The caller has locked the directory of the names. */
static void remove_dangling(long directory) {
    struct unsock_entries entries;
    enum unsock_entry_type type;
    unsock_entries_open(&entries, directory, ".");
    for (const char *name; (name = unsock_entries_next(&entries, &type));) {
        if (is_loopback_name(unsock_span_of(name)) && unsock_faccessat(directory, name, 0) == -ENOENT)
            unsock_unlinkat(directory, name, 0);
    }
    unsock_entries_close(&entries);
}

void unsock_loopback_names_prune(const char *directory) {
    UNSOCK_TEXT(names, UNSOCK_PATH_MOST);
    unsock_text_join(&names, directory, "/" UNSOCK_LOOPBACK_NAMES);
    UNSOCK_CLOSED long fd = names.cut ? -ENAMETOOLONG : lock_names(names.buffer);
    if (fd >= 0)
        remove_dangling(fd);
}

static long give_loopback_name(const char *names, const char *name, const char *path) {
    long result = unsock_mkdirat(AT_FDCWD, names, 0700);
    if (result < 0 && result != -EEXIST)
        return result;
    UNSOCK_CLOSED long directory = lock_names(names);
    if (directory < 0)
        return directory;
    remove_dangling(directory);
    unsock_unlinkat(directory, ".next", 0); /* left by a killed process */
    result = unsock_symlinkat(path, directory, ".next");
    if (result == 0)
        result = unsock_renameat2(directory, ".next", directory, name, 0);
    return result;
}

bool unsock_loopback_name_give(const char *name, const char *path, const char *const *caller,
                               struct unsock_text *error) {
    struct unsock_run_directory directory;
    UNSOCK_TEXT(names, UNSOCK_PATH_MOST);
    if (!name)
        return true;
    if (!unsock_run_directory_default(caller, &directory, error) ||
        !unsock_run_directory_prepare(&directory, false, NULL, NULL, error))
        return false;
    unsock_text_join(&names, directory.path, "/" UNSOCK_LOOPBACK_NAMES);
    long result = give_loopback_name(names.buffer, name, path);
    if (result < 0)
        unsock_text_join(error, "run: --name: ", names.buffer, "/", name, ": ", unsock_errno_words(-result));
    return result == 0;
}
