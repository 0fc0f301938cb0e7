/* What is to be executed, and how. */
#include "process/exec.h"

#include "kernel/program_info.h"
#include "process/kept.h"
#include "process/start.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"

#define SCRIPTS_MOST 5       /* the kernel follows so many "#!" (fs/exec.c) */
#define ADDED_ARGUMENTS (2 * SCRIPTS_MOST)
#define LOAD_STRINGS 2
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH */

/* One exec on its way. */
struct planning {
    struct unsock_exec_plan *plan;
    const char *named;         /* the path in messages */
    const char **argv;         /* a copy, with room in front for scripts' interpreters */
    bool argv_is_changed;
    struct unsock_program_file *file;
    void *room;
    const char *load;          /* what the loader is to load, when it is not the path itself */
};

static size_t count(const char *const *list) {
    size_t number = 0;
    while (list && list[number])
        number++;
    return number;
}

static void *cut(struct planning *planning, size_t size) {
    return unsock_exec_space_cut(planning->plan->space, size);
}

static void say(const struct planning *planning, const char *why, const char *outcome) {
    struct unsock_text line;
    unsock_text_start(&line, planning->room, UNSOCK_PROGRAM_ROOM);
    unsock_text_put(&line, "unsock: ");
    unsock_text_put(&line, planning->named);
    unsock_text_put(&line, ": ");
    unsock_text_put(&line, why);
    unsock_text_put(&line, outcome);
    unsock_sys(__NR_write, 2, line.buffer, line.length);
}

/* Neither door reaches it. */
static long out_of_reach(const struct planning *planning, const char *why) {
    if (unsock_activity != UNSOCK_ACTIVE)
        return 0;
    say(planning, why, unsock_settings.strict ? ": not started (UNSOCK_STRICT)\n" : ": it is not redirected\n");
    return unsock_settings.strict ? -EACCES : 0;
}

static size_t load_room(const struct unsock_exec *exec) {
    return 2 * strlen(exec->path) + sizeof(UNSOCK_LOAD_FILE) + sizeof(UNSOCK_LOAD_NAME) + 2 * UNSOCK_SCRIPT_LINE + 64;
}

/* All memory that the plan can need. */
static size_t whole_room(const struct unsock_exec *exec) {
    size_t strings = count(exec->argv) + ADDED_ARGUMENTS + count(exec->environment) + UNSOCK_KEPT_STRINGS + LOAD_STRINGS + 4;
    return strings * sizeof(char *) + unsock_kept_room(exec->environment) + load_room(exec) + UNSOCK_PROGRAM_ROOM +
           sizeof(struct unsock_program_file) + SCRIPTS_MOST * 2 * UNSOCK_SCRIPT_LINE + 16 * 32;
}

static const char *copy_of(struct planning *planning, const char *string) {
    size_t size = strlen(string) + 1;
    char *copy = cut(planning, size);
    if (copy)
        memcpy(copy, string, size);
    return copy;
}

/* A script is executed by its interpreter: which gets its own argument, the script's name, and the script's arguments. */
static long follow_script(struct planning *planning) {
    struct unsock_exec *exec = &planning->plan->exec;
    const char *interpreter = copy_of(planning, planning->file->interpreter);
    const char *argument = planning->file->argument[0] != '\0' ? copy_of(planning, planning->file->argument) : NULL;
    if (!interpreter || (planning->file->argument[0] != '\0' && !argument))
        return -ENOMEM;
    const char **first = planning->argv;
    *first = planning->load ? planning->load : exec->path;
    if (argument)
        *--first = argument;
    *--first = interpreter;
    planning->argv = first;
    planning->argv_is_changed = true;
    planning->load = interpreter;
    return 0;
}

/* Opens what is to be executed now: the program, or the interpreter of the script that it is. */
static long open_next(const struct planning *planning) {
    const struct unsock_exec *exec = &planning->plan->exec;
    if (planning->load)
        return unsock_program_open(AT_FDCWD, planning->load, 0);
    return unsock_program_open(exec->directory, exec->path, exec->flags);
}

static long may_execute_next(const struct planning *planning) {
    const struct unsock_exec *exec = &planning->plan->exec;
    if (planning->load)
        return unsock_program_may_execute(AT_FDCWD, planning->load, 0);
    return unsock_program_may_execute(exec->directory, exec->path, exec->flags);
}

enum way { PLAINLY, LOADED, UNTOUCHED };

/* How a program of this kind is started. Returns a way or -errno. */
static long way_of(const struct planning *planning, long fd) {
    bool trapped = unsock_start_trapped;
    bool traps = trapped || unsock_settings.engine != UNSOCK_ENGINE_PRELOAD;
    long result;
    if (unsock_program_gains_rights(fd)) {
        result = out_of_reach(planning, "it gets rights that its caller has not (set-user-ID), and ignores what it is given");
        return result < 0 ? result : trapped ? LOADED : UNTOUCHED;
    }
    switch (planning->file->kind) {
    case UNSOCK_PROGRAM_DYNAMIC:
        return trapped || (unsock_settings.engine == UNSOCK_ENGINE_TRAP && unsock_kept_file()) ? LOADED : PLAINLY;
    case UNSOCK_PROGRAM_STATIC:
    case UNSOCK_PROGRAM_OWN_CALLS:
        if (traps && unsock_kept_file())
            return LOADED;
        result = out_of_reach(planning, "it makes its system calls itself, and UNSOCK_ENGINE is preload");
        return result < 0 ? result : PLAINLY;
    case UNSOCK_PROGRAM_FOREIGN:
        result = out_of_reach(planning, "it is made for another machine, or for 32 bits");
        return result < 0 ? result : PLAINLY;
    default:
        return trapped ? -ENOEXEC : PLAINLY;
    }
}

/* What can be executed, but not looked at. Under the trap there is no way then: without the loader it would be ended. */
static long cannot_look(const struct planning *planning, long error) {
    if (may_execute_next(planning) < 0 || error != -EACCES)
        return !unsock_start_trapped ? PLAINLY : error == -EISDIR ? -EACCES : error;
    if (unsock_start_trapped) {
        say(planning, "it can be executed, but not read", ": not started\n");
        return -EACCES;
    }
    long result = out_of_reach(planning, "it can be executed, but not read: what it is cannot be seen");
    return result < 0 ? result : PLAINLY;
}

/* Looks at the program, through the scripts that lead to it. Returns a way or -errno; with LOADED the descriptor in *opened. */
static long find_way(struct planning *planning, long *opened) {
    for (unsigned scripts = 0;; scripts++) {
        long fd = open_next(planning);
        if (fd < 0)
            return cannot_look(planning, fd);
        unsock_program_look(fd, planning->room, planning->file);
        bool script = planning->file->kind == UNSOCK_PROGRAM_SCRIPT;
        long result = script ? 0 : way_of(planning, fd);
        if (result == LOADED || script) {
            long allowed = may_execute_next(planning);
            result = allowed < 0 ? allowed : result;
        }
        if (result == LOADED && !script) {
            *opened = fd;
            return LOADED;
        }
        unsock_sys(__NR_close, fd);
        if (result < 0 || !script)
            return result;
        if (scripts == SCRIPTS_MOST)
            return unsock_start_trapped ? -ELOOP : PLAINLY;
        result = follow_script(planning);
        if (result < 0)
            return result;
    }
}

/* The path by which a file of a directory's descriptor is known to the program (fs/exec.c, alloc_bprm). */
static void put_name(struct unsock_text *text, const struct unsock_exec *exec) {
    if (exec->directory != AT_FDCWD && exec->path[0] != '/') {
        unsock_text_put(text, "/dev/fd/");
        unsock_text_number(text, (uint64_t)(unsigned)exec->directory, 10, 1);
        unsock_text_put(text, exec->path[0] != '\0' ? "/" : "");
    }
    unsock_text_put(text, exec->path);
}

/* Becomes: the library, which is told what to load. `fd` is the open program. */
static long load_instead(struct planning *planning, const char **environment, size_t strings, long fd) {
    struct unsock_exec *exec = &planning->plan->exec;
    size_t size = load_room(exec);
    char *room = cut(planning, size);
    struct unsock_text text;
    if (!room)
        return -ENOMEM;
    unsock_text_start(&text, room, size);
    unsock_text_put(&text, UNSOCK_LOAD_FILE);
    if (planning->load || exec->directory == AT_FDCWD || exec->path[0] == '/') {
        unsock_text_put(&text, "p");
        unsock_text_put(&text, planning->load ? planning->load : exec->path);
    } else {
        long copy = unsock_sys(__NR_fcntl, fd, F_DUPFD, 3);
        if (copy < 0)
            return copy;
        planning->plan->descriptor = (int)copy;
        unsock_text_put(&text, "f");
        unsock_text_number(&text, (uint64_t)copy, 10, 1);
    }
    environment[strings++] = room;
    room += text.length + 1;
    size -= text.length + 1;
    unsock_text_start(&text, room, size);
    unsock_text_put(&text, UNSOCK_LOAD_NAME);
    put_name(&text, exec);
    environment[strings++] = room;
    environment[strings] = NULL;
    exec->argv = planning->argv;
    exec->directory = AT_FDCWD;
    exec->path = unsock_kept_file();
    exec->flags = 0;
    return text.cut ? -ENAMETOOLONG : 0;
}

/* Where the library itself would not be read, ld.so says one line, and starts the program all the same. */
static long check_library(const struct planning *planning) {
    const char *file = unsock_kept_file();
    if (!file || unsock_activity != UNSOCK_ACTIVE || unsock_program_is_readable(file))
        return 0;
    return out_of_reach(planning, "the library cannot be read by this user, or from this root directory");
}

static long make_plan(struct planning *planning) {
    struct unsock_exec *exec = &planning->plan->exec;
    size_t arguments = count(exec->argv), variables = count(exec->environment);
    const char **argv = cut(planning, (arguments + ADDED_ARGUMENTS + 2) * sizeof(char *));
    const char **environment = cut(planning, (variables + UNSOCK_KEPT_STRINGS + LOAD_STRINGS + 1) * sizeof(char *));
    size_t preload_size = unsock_kept_room(exec->environment);
    char *preload = cut(planning, preload_size);
    planning->file = cut(planning, sizeof(*planning->file));
    planning->room = cut(planning, UNSOCK_PROGRAM_ROOM);
    if (!argv || !environment || !preload || !planning->file || !planning->room)
        return -ENOMEM;
    argv += ADDED_ARGUMENTS;
    argv[0] = "";
    for (size_t i = 0; i < arguments; i++)
        argv[i] = exec->argv[i];
    argv[arguments + (arguments == 0)] = NULL;
    planning->argv = argv;
    long fd = -1;
    long way = find_way(planning, &fd);
    if (way < 0 || way == UNTOUCHED)
        return way < 0 ? way : 0;
    size_t strings = unsock_kept_complete(exec->environment, environment, preload, preload_size);
    exec->environment = environment;
    if (way == PLAINLY)
        return check_library(planning);
    long result = load_instead(planning, environment, strings, fd);
    unsock_sys(__NR_close, fd);
    return result;
}

long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan) {
    plan->exec = *exec;
    plan->descriptor = -1;
    plan->space = unsock_exec_space_enter(whole_room(exec));
    if (!plan->space)
        return -ENOMEM;
    struct planning planning = {.plan = plan, .named = exec->path};
    long result = make_plan(&planning);
    if (result < 0)
        unsock_exec_drop(plan);
    return result;
}

void unsock_exec_drop(struct unsock_exec_plan *plan) {
    if (plan->descriptor >= 0)
        unsock_sys(__NR_close, plan->descriptor);
    unsock_exec_space_leave(plan->space);
}

long unsock_exec_plainly(const struct unsock_exec *exec) {
    if (exec->directory == AT_FDCWD && exec->flags == 0)
        return unsock_sys(__NR_execve, exec->path, exec->argv, exec->environment);
    return unsock_sys(__NR_execveat, exec->directory, exec->path, exec->argv, exec->environment, exec->flags);
}

long unsock_exec(const struct unsock_exec *exec) {
    if (!unsock_active() && !unsock_start_trapped)
        return unsock_exec_plainly(exec);
    struct unsock_exec_plan plan;
    long result = unsock_exec_prepare(exec, &plan);
    if (result < 0)
        return result;
    result = unsock_exec_plainly(&plan.exec);
    unsock_exec_drop(&plan);
    return result;
}
