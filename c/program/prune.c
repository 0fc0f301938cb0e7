/* The command `prune`: removes the stale files of a directory. Reports each file, even if it could not be removed. */
#include "program/run.h"

#include "files/release.h"
#include "kernel/file_info.h"
#include "process/start.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#define NAMES_SIZE (1u << 23) /* unused pages of it need no memory */

struct pruning {
    const struct unsock_command_call *call;
    struct unsock_run_directory directory;
    bool remove;
    bool json;
    bool is_left; /* a file could not be removed */
};

/* Prints the result for one file. `why`: the reason why it stays; NULL if it was removed, or would be (--dry-run). */
static void print_pruned(struct pruning *pruning, const char *path, const char *why) {
    pruning->is_left |= why != NULL;
    if (!pruning->json) {
        unsock_print(why ? "" : pruning->remove ? "removed " : "would remove ", path);
        unsock_print(why ? ": " : "", why ? why : "", "\n");
        return;
    }
    unsock_json_open(NULL, '{');
    unsock_json_text("file", path);
    unsock_json_text("problem", why);
    unsock_json_close('}');
}

/* Stores a name or path, a NUL and the errno (0: removed). They are printed after the unlock: printing may block. */
static void note_name(void *context, const char *name, long result) {
    unsock_text_put(context, name);
    unsock_text_char(context, '\0');
    unsock_text_char(context, (char)(result < 0 ? -result : 0));
}

/* Removes or reports stale files; also private directories and maps whose keepers were killed, and links of removed
 * checkouts. Without --dry-run, also removes, without a report, the names of `run --name` that lead nowhere. If other
 * users could replace the directory (with --force, prune runs there, too), handles only the stale files. */
static bool prune_directory(struct pruning *pruning) {
    UNSOCK_TEXT(seen, UNSOCK_PATH_MOST);
    const char *path = pruning->directory.path;
    char *memory = unsock_map(NAMES_SIZE);
    if (!memory)
        return unsock_text_fail(pruning->call->error, "prune: out of memory");
    struct unsock_text names = unsock_text_in(memory, NAMES_SIZE);
    struct unsock_prune_seer seer = {note_name, &names};
    /* A path through /proc refers to this directory even if another replaces it. */
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    bool is_held = fd >= 0 && unsock_file_id_of(AT_FDCWD, UNSOCK_FD_PATH(fd)).inode != 0;
    long result = unsock_prune_directory(is_held ? UNSOCK_FD_PATH(fd) : path, pruning->remove, &seer);
    if (result < 0 && result != -ENOENT)
        return unsock_text_fail(pruning->call->error, "directory ", path, ": ", unsock_errno_words(-result));
    if (unsock_run_directory_check_place(&pruning->directory, false, &seen)) {
        unsock_private_sweep(path, pruning->remove, &seer);
        unsock_run_map_sweep(path, pruning->remove, &seer);
        unsock_checkouts_prune(path, pruning->remove, &seer);
        if (pruning->remove)
            unsock_loopback_names_prune(path);
    }
    if (names.cut)
        return unsock_text_fail(pruning->call->error, "directory ", path, ": ", unsock_errno_words(ENOBUFS));
    for (const char *name = memory; name < memory + names.length; name += strlen(name) + 2) {
        unsigned char error = (unsigned char)name[strlen(name) + 1];
        seen = unsock_text_in(seen.buffer, seen.size);
        unsock_text_join(&seen, name[0] == '/' ? "" : path, name[0] == '/' ? "" : "/", name);
        print_pruned(pruning, seen.buffer,
                     error == 0            ? NULL
                     : error == EACCES     ? "you may not write to the directory"
                     : error == EADDRINUSE ? "others have the directory locked: try again"
                                           : unsock_errno_words(error));
    }
    return true;
}

int unsock_prune_start(const struct unsock_command_call *call) {
    const struct unsock_options *options = call->options;
    struct pruning pruning = {.call = call};
    char library[UNSOCK_PATH_MOST];
    const char *named = unsock_options_value(options, "--lib");
    pruning.json = unsock_options_value(options, "--json");
    pruning.remove = !unsock_options_value(options, "--dry-run");
    if (!unsock_choose_directory(call, &pruning.directory, call->error))
        return UNSOCK_COMMAND_USAGE;
    /* If the user names a library, it must have this version: another version might regard other files as stale. */
    bool is_named = named || unsock_environment_get(call->environment, "UNSOCK_LIB");
    if ((is_named && !unsock_proof_choose(named, call->library, call->environment, library, call->error)) ||
        !unsock_run_directory_check_place(&pruning.directory, unsock_options_value(options, "--force"), call->error))
        return UNSOCK_COMMAND_FAILED;
    if (pruning.json)
        unsock_json_open(NULL, '[');
    bool good = prune_directory(&pruning);
    if (pruning.json)
        unsock_print("]\n");
    return good ? unsock_print_end(pruning.is_left, UNSOCK_COMMAND_FAILED, call->error) : UNSOCK_COMMAND_FAILED;
}
