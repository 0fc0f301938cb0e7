/* What is told of all that is left over, in the order of names. */
#include "program/options.h"

#include "rules/errno.h"
#include "process/exec.h"
#include "process/run_directory.h"
#include "process/start.h"
#include "program/answers.h"
#include "rt/system_calls.h"

#define NAMES_SIZE (1u << 23) /* what nobody fills is no memory */
#define NAMES_MOST (NAMES_SIZE / 16)
#define PATHS_SIZE (1u << 16)

struct pruning {
    const struct unsock_command_call *call;
    struct unsock_run_directory directory;
    struct unsock_exec_space *space;
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
static void tell(struct pruning *pruning, const char *directory, const char *name, const char *why) {
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

/* "NAME<TAB>RESULT": the name alone from then on. Returns the result, an errno, or 0: it is gone. */
static int64_t cut_result(char *line) {
    uint64_t number = 0;
    struct unsock_span rest = unsock_span_of(line), name = unsock_span_next(&rest, '\t');
    bool failed = rest.length > 0 && rest.at[0] == '-';
    if (failed && !unsock_span_number((struct unsock_span){rest.at + 1, rest.length - 1}, 10, INT32_MAX, &number))
        number = EIO;
    line[name.length] = '\0';
    return (int64_t)number;
}

static bool is_before(const char *one, const char *other) {
    while (*one == *other && *one != '\0')
        one++, other++;
    return (unsigned char)*one < (unsigned char)*other;
}

/* Moves what stands at the root down a heap of `count`, to where nothing below it is behind it. */
static void sift(char **lines, size_t root, size_t count) {
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        child += child + 1 < count && is_before(lines[child], lines[child + 1]);
        if (!is_before(lines[root], lines[child]))
            return;
        char *line = lines[root];
        lines[root] = lines[child];
        lines[child] = line;
    }
}

static void sort(char **lines, size_t count) {
    for (size_t root = count / 2; root-- > 0;)
        sift(lines, root, count);
    for (size_t end = count; end-- > 1;) {
        char *line = lines[0];
        lines[0] = lines[end];
        lines[end] = line;
        sift(lines, 0, end);
    }
}

/* Cuts a text into lines. Returns how many there are. */
static size_t cut(char *text, char **lines, size_t most) {
    size_t count = 0;
    char *begin = text;
    for (char *c = text; *c != '\0' && count < most; c++) {
        if (*c != '\n')
            continue;
        *c = '\0';
        lines[count++] = begin;
        begin = c + 1;
    }
    return count;
}

static bool prune_sockets(struct pruning *pruning, char *names, char **lines) {
    char seen[UNSOCK_RUN_PATH_MOST];
    struct unsock_text text = unsock_text_in(seen, sizeof(seen));
    unsock_directory_held_path(&text, pruning->directory.path);
    int result = unsock_prune_all(seen, pruning->remove, names, NAMES_SIZE);
    if (result < 0 && result != -ENOENT) {
        unsock_text_join(pruning->call->error, "directory ", pruning->directory.path, ": ",
                         unsock_errno_words(-result));
        return false;
    }
    size_t count = cut(names, lines, NAMES_MOST);
    sort(lines, count);
    for (size_t i = 0; i < count; i++) {
        int64_t error = cut_result(lines[i]);
        tell(pruning, pruning->directory.path, lines[i], error == 0 ? NULL : reason(error));
    }
    return true;
}

/* Where somebody could put another directory in its place, which has private ones too, they stay. */
static bool is_trusted(const struct pruning *pruning) {
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
static void prune_private(struct pruning *pruning, char *paths, char **lines) {
    unsock_private_prune(pruning->directory.path, pruning->remove, paths, PATHS_SIZE);
    size_t count = cut(paths, lines, NAMES_MOST);
    for (size_t i = 0; i < count; i++)
        tell(pruning, "", lines[i], NULL);
}

static bool prune(struct pruning *pruning) {
    size_t lines_size = NAMES_MOST * sizeof(char *);
    pruning->space = unsock_exec_space_enter(NAMES_SIZE + lines_size + PATHS_SIZE);
    char *names = pruning->space ? unsock_exec_space_cut(pruning->space, NAMES_SIZE) : NULL;
    char **lines = names ? unsock_exec_space_cut(pruning->space, lines_size - 64) : NULL;
    if (!lines) {
        unsock_text_put(pruning->call->error, "prune: out of memory");
        return false;
    }
    names[0] = '\0';
    if (!prune_sockets(pruning, names, lines))
        return false;
    if (!is_trusted(pruning))
        return true;
    prune_private(pruning, names, lines);
    if (pruning->remove)
        unsock_loopback_names_prune(pruning->directory.path);
    return true;
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
    bool good = prune(&pruning);
    unsock_exec_space_leave(pruning.space);
    if (pruning.json)
        unsock_printer_put(&pruning.printer, pruning.told > 0 ? "\n]\n" : "[]\n");
    if (!good)
        return UNSOCK_COMMAND_FAILED;
    return unsock_output_status(unsock_printer_end(&pruning.printer), pruning.is_left, UNSOCK_COMMAND_FAILED,
                                call->error);
}
