/* What is left over in a directory, and what of it could not be removed: in the order of names. */
#include "program/run.h"

#include "files/release.h"
#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#define NAMES_SIZE (1u << 23) /* what nobody fills is no memory */
#define NAME_LEAST 4          /* bytes of a name that is noted */

struct pruning {
    const struct unsock_command_call *call;
    struct unsock_run_directory directory;
    struct unsock_printer printer;
    bool remove;
    bool force;
    bool json;
    unsigned told;
    bool is_left; /* something could not be removed */
};

static const char *reason(int64_t error) {
    switch (error) {
    case EPERM:
        return "not permitted";
    case EACCES:
        return "you may not write to the directory";
    case EROFS:
        return "the file system is read-only";
    case EADDRINUSE:
        return "others have the directory locked: try again";
    case ENOBUFS:
        return "no descriptor or no memory left";
    default:
        return "cannot be removed";
    }
}

/* `directory`: "" where `name` is a path. `why`: NULL: it is gone, or would be. */
static void print_pruned(struct pruning *pruning, const char *directory, const char *name, const char *why) {
    struct unsock_printer *printer = &pruning->printer;
    const char *slash = directory[0] != '\0' ? "/" : "";
    const char *const path[] = {directory, slash, name, NULL};
    pruning->is_left |= why != NULL;
    if (pruning->json) {
        unsock_printer_put(printer, pruning->told++ == 0 ? "[\n  {\n    \"file\": " : ",\n  {\n    \"file\": ");
        unsock_printer_json(printer, path);
        unsock_printer_put(printer, ",\n    \"problem\": ");
        if (why)
            unsock_printer_json(printer, (const char *const[]){why, NULL});
        unsock_printer_put(printer, why ? "\n  }" : "null\n  }");
        return;
    }
    if (!why)
        unsock_printer_put(printer, pruning->remove ? "removed " : "would remove ");
    for (const char *const *part = path; *part; part++)
        unsock_printer_put(printer, *part);
    unsock_printer_put(printer, why ? ": " : "");
    unsock_printer_put(printer, why ? why : "");
    unsock_printer_char(printer, '\n');
}

/* Adds the name, a NUL and the errno, 0 for none. */
static void note_name(void *context, const char *name, long result) {
    unsock_text_put(context, name);
    unsock_text_char(context, '\0');
    unsock_text_char(context, (char)(result < 0 ? -result : 0));
}

static bool is_name_before(const char *one, const char *other) {
    while (*one == *other && *one != '\0')
        one++, other++;
    return (unsigned char)*one < (unsigned char)*other;
}

/* Moves what stands at the root down a heap of `count`, to where nothing below it is behind it. */
static void sift_name(char **names, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        child += child + 1 < count && is_name_before(names[child], names[child + 1]);
        if (!is_name_before(names[root], names[child]))
            return;
        char *name = names[root];
        names[root] = names[child];
        names[child] = name;
    }
}

static void sort_names(char **names, size_t count) {
    for (size_t root = count / 2; root-- > 0;)
        sift_name(names, root, count);
    for (size_t end = count; end-- > 1;) {
        char *name = names[0];
        names[0] = names[end];
        names[end] = name;
        sift_name(names, 0, end);
    }
}

/* What is told is told when the directory is no longer locked. */
static bool prune_sockets(struct pruning *pruning, char *memory, char **sorted) {
    char seen[UNSOCK_RUN_PATH_MOST];
    struct unsock_text text = unsock_text_in(seen, sizeof(seen)), names = unsock_text_in(memory, NAMES_SIZE);
    struct unsock_prune_seer seer = {note_name, &names};
    unsock_directory_held_path(&text, pruning->directory.path);
    long result = unsock_prune_directory(seen, pruning->remove, &seer);
    if (names.cut || (result < 0 && result != -ENOENT)) {
        unsock_text_join(pruning->call->error, "directory ", pruning->directory.path, ": ",
                         unsock_errno_words(names.cut ? ENOBUFS : -result));
        return false;
    }
    size_t count = 0;
    for (char *name = memory; name < memory + names.length; name += strlen(name) + 2)
        sorted[count++] = name;
    sort_names(sorted, count);
    for (size_t i = 0; i < count; i++) {
        unsigned char error = (unsigned char)sorted[i][strlen(sorted[i]) + 1];
        print_pruned(pruning, pruning->directory.path, sorted[i], error == 0 ? NULL : reason(error));
    }
    return true;
}

/* Where somebody could put another directory in its place, which has private ones too, they stay. */
static bool is_trusted_directory(const struct pruning *pruning) {
    char buffer[UNSOCK_RUN_PATH_MOST];
    struct unsock_text why = unsock_text_in(buffer, sizeof(buffer));
    struct statx status;
    const struct unsock_run_directory *directory = &pruning->directory;
    if (!pruning->force)
        return true;
    return unsock_statx(AT_FDCWD, directory->path, 0, STATX_TYPE, &status) == 0
               ? unsock_run_directory_check(directory, false, &why)
               : unsock_run_directory_check_place(directory, false, &why);
}

/* Directories of `run --private`, and control files of `run --map`, whose keeper was killed. */
static void prune_private(struct pruning *pruning, char *memory) {
    struct unsock_text paths = unsock_text_in(memory, NAMES_SIZE);
    unsock_private_sweep(pruning->directory.path, pruning->remove, &paths);
    unsock_run_map_sweep(pruning->directory.path, pruning->remove, &paths);
    for (char *c = memory, *path = memory; *c != '\0'; c++) {
        if (*c != '\n')
            continue;
        *c = '\0';
        print_pruned(pruning, "", path, NULL);
        path = c + 1;
    }
}

static bool prune_directory(struct pruning *pruning) {
    const size_t size = NAMES_SIZE + NAMES_SIZE / NAME_LEAST * sizeof(char *);
    char *memory = unsock_map(size);
    if (!memory)
        unsock_text_put(pruning->call->error, "prune: out of memory");
    bool good = memory && prune_sockets(pruning, memory, (char **)(memory + NAMES_SIZE));
    if (good && is_trusted_directory(pruning)) {
        prune_private(pruning, memory);
        if (pruning->remove)
            unsock_loopback_names_prune(pruning->directory.path);
    }
    if (memory)
        unsock_unmap(memory, size);
    return good;
}

int unsock_prune_start(const struct unsock_command_call *call) {
    const struct unsock_options *options = call->options;
    struct pruning pruning = {.call = call};
    char library[UNSOCK_RUN_PATH_MOST];
    const char *named = unsock_options_value(options, "--lib");
    pruning.force = unsock_options_value(options, "--force");
    pruning.json = unsock_options_value(options, "--json");
    pruning.remove = !unsock_options_value(options, "--dry-run");
    if (!unsock_run_directory_choose(unsock_options_value(options, "--dir"), &call->environment, &pruning.directory,
                                     call->error))
        return UNSOCK_COMMAND_USAGE;
    /* One that is named is this version's: so it would do the same. */
    bool is_named = named || unsock_environment_get(&call->environment, "UNSOCK_LIB");
    if ((is_named && !unsock_proof_choose(named, call->library, &call->environment, library, call->error)) ||
        !unsock_run_directory_check_place(&pruning.directory, pruning.force, call->error))
        return UNSOCK_COMMAND_FAILED;
    bool good = prune_directory(&pruning);
    if (pruning.json)
        unsock_printer_put(&pruning.printer, pruning.told > 0 ? "\n]\n" : "[]\n");
    if (!good)
        return UNSOCK_COMMAND_FAILED;
    return unsock_output_status(unsock_printer_end(&pruning.printer), pruning.is_left, UNSOCK_COMMAND_FAILED,
                                call->error);
}
