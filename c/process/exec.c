/* Plans the exec of a program, makes it, and keeps the path that /proc/self/exe should have. */
#include "process/exec.h"

#include "kernel/file_info.h"
#include "memory/process.h"
#include "process/start.h"
#include "rt/user.h"

#define ADDED_ARGUMENTS (2 * UNSOCK_SCRIPTS_MOST)
#define LOAD_STRINGS 2

static size_t load_room(const struct unsock_exec *exec) {
    return 2 * strlen(exec->path) + sizeof(UNSOCK_LOAD_FILE) + sizeof(UNSOCK_LOAD_NAME) + 2 * UNSOCK_SCRIPT_LINE + 64;
}

static size_t whole_room(const struct unsock_exec *exec) {
    size_t strings = unsock_list_length(exec->argv) + ADDED_ARGUMENTS + unsock_list_length(exec->environment) +
                     UNSOCK_CHILD_ENVIRONMENT_STRINGS + LOAD_STRINGS + 4;
    return strings * sizeof(char *) + unsock_child_environment_room(exec->environment) + load_room(exec) +
           UNSOCK_PROGRAM_ROOM + sizeof(struct unsock_program_file) + UNSOCK_SCRIPTS_MOST * 2 * UNSOCK_SCRIPT_LINE +
           16 * 32;
}

/* Replaces the exec by an exec of the library, with two variables that name the program, which is open as `fd`. */
static long load_instead(struct unsock_planning *planning, const char **environment, size_t strings, long fd) {
    struct unsock_exec *exec = &planning->plan->exec;
    size_t size = load_room(exec);
    char *room = unsock_exec_space_cut(planning->plan->space, size);
    if (!room)
        return -ENOMEM;
    struct unsock_text text = unsock_text_in(room, size);
    unsock_text_put(&text, UNSOCK_LOAD_FILE);
    if (planning->run.directory == AT_FDCWD || planning->run.path[0] == '/') {
        unsock_text_join(&text, "p", planning->run.path);
    } else {
        long copy = unsock_fcntl(fd, F_DUPFD, 3);
        if (copy < 0)
            return copy;
        planning->plan->descriptor = (int)copy;
        unsock_text_join(&text, "f", UNSOCK_DECIMAL(copy));
    }
    environment[strings++] = room;
    room += text.length + 1;
    size -= text.length + 1;
    text = unsock_text_in(room, size);
    unsock_text_put(&text, UNSOCK_LOAD_NAME);
    /* If the path is relative to a descriptor, makes the same name as the kernel (fs/exec.c, alloc_bprm). */
    if (exec->directory != AT_FDCWD && exec->path[0] != '/')
        unsock_text_join(&text, "/dev/fd/", UNSOCK_DECIMAL((unsigned)exec->directory),
                         exec->path[0] != '\0' ? "/" : "");
    unsock_text_put(&text, exec->path);
    environment[strings++] = room;
    environment[strings] = NULL;
    exec->argv = planning->argv;
    exec->directory = AT_FDCWD;
    exec->path = unsock_child_environment_file();
    exec->flags = 0;
    return text.cut ? -ENAMETOOLONG : 0;
}

/* Checks that the library can be read, and with UNSOCK_STRICT that AppArmor and SELinux let the program load it. If
 * not, ld.so would start the program without the library, and print one line or, under SELinux, nothing. */
static long check_library(const struct unsock_planning *planning) {
    UNSOCK_TEXT(why, UNSOCK_PROFILE_MOST + 64);
    struct unsock_confinement_question question = {&planning->plan->exec, unsock_child_environment_file(), NULL, NULL};
    if (!question.library || unsock_activity != UNSOCK_ACTIVE)
        return 0;
    /* Checks as the real user, without capabilities (access(2)): an exec drops them, unless the user is root. */
    if (unsock_faccessat(AT_FDCWD, question.library, R_OK) < 0)
        unsock_text_put(&why, "the library cannot be read by this user, or from this root directory");
    else if (!unsock_settings.strict || !unsock_confinement_refuses(&question, &why))
        return 0;
    return unsock_planning_out_of_reach(planning, why.buffer, UNSOCK_WAY_PLAINLY);
}

static long make_plan(struct unsock_planning *planning) {
    struct unsock_exec *exec = &planning->plan->exec;
    struct unsock_exec_space *space = planning->plan->space;
    size_t arguments = unsock_list_length(exec->argv), variables = unsock_list_length(exec->environment);
    const char **argv = unsock_exec_space_cut(space, (arguments + ADDED_ARGUMENTS + 2) * sizeof(char *));
    const char **environment = unsock_exec_space_cut(
        space, (variables + UNSOCK_CHILD_ENVIRONMENT_STRINGS + LOAD_STRINGS + 1) * sizeof(char *));
    size_t preload_size = unsock_child_environment_room(exec->environment);
    char *preload = unsock_exec_space_cut(space, preload_size);
    planning->file = unsock_exec_space_cut(space, sizeof(*planning->file));
    planning->room = unsock_exec_space_cut(space, UNSOCK_PROGRAM_ROOM);
    if (!argv || !environment || !preload || !planning->file || !planning->room)
        return -ENOMEM;
    argv += ADDED_ARGUMENTS;
    argv[0] = "";
    for (size_t i = 0; i < arguments; i++)
        argv[i] = exec->argv[i];
    argv[arguments + (arguments == 0)] = NULL;
    planning->argv = argv;
    UNSOCK_CLOSED long fd = -1;
    long way = unsock_planning_find_way(planning, &fd);
    if (way < 0 || way == UNSOCK_WAY_UNTOUCHED)
        return way < 0 ? way : 0;
    size_t strings = unsock_child_environment_complete(exec->environment, environment, preload, preload_size);
    exec->environment = environment;
    return way == UNSOCK_WAY_LOADED ? load_instead(planning, environment, strings, fd) : check_library(planning);
}

long unsock_exec_prepare(const struct unsock_exec *exec, struct unsock_exec_plan *plan) {
    const char *self = unsock_self_exe_file();
    const char *const path[] = {exec->path, NULL};
    if (!exec->path || !unsock_user_strings(path) || !unsock_user_strings(exec->argv) ||
        !unsock_user_strings(exec->environment))
        return -EFAULT;
    plan->exec = *exec;
    if (self && unsock_self_exe_is(exec->path))
        plan->exec.path = self;
    plan->descriptor = -1;
    plan->space = unsock_exec_space_enter(whole_room(&plan->exec));
    if (!plan->space)
        return -ENOMEM;
    struct unsock_planning planning = {.plan = plan, .named = exec->path, .run = plan->exec};
    long result = make_plan(&planning);
    if (result < 0)
        unsock_exec_drop(plan);
    return result;
}

void unsock_exec_drop(struct unsock_exec_plan *plan) {
    unsock_close_open(plan->descriptor);
    unsock_exec_space_leave(plan->space);
}

static long exec_plainly(const struct unsock_exec *exec) {
    if (exec->directory == AT_FDCWD && exec->flags == 0)
        return unsock_execve(exec->path, exec->argv, exec->environment);
    return unsock_execveat(exec->directory, exec->path, exec->argv, exec->environment, exec->flags);
}

long unsock_exec(const struct unsock_exec *exec) {
    if (!unsock_active() && !unsock_start_trapped)
        return exec_plainly(exec);
    struct unsock_exec_plan plan;
    long result = unsock_exec_prepare(exec, &plan);
    if (result < 0)
        return result;
    unsock_files_left();
    result = exec_plainly(&plan.exec);
    unsock_exec_drop(&plan);
    return result;
}

static UNSOCK_TABLE char self_file[UNSOCK_PATH_MOST];

void unsock_self_exe_note(int fd) {
    long length = unsock_readlinkat(AT_FDCWD, UNSOCK_FD_PATH(fd), self_file, sizeof(self_file) - 1);
    self_file[length > 0 ? length : 0] = '\0';
}

void unsock_self_exe_inherit(void) {
    /* Without the library's mark (rt/sys.h) the call is trapped: the library's copy that loaded the program answers. */
    long length = unsock_syscall6(__NR_readlinkat, AT_FDCWD, (long)"/proc/self/exe", (long)self_file,
                                  sizeof(self_file) - 1, 0, 0);
    self_file[length > 0 ? length : 0] = '\0';
}

const char *unsock_self_exe_file(void) {
    return self_file[0] != '\0' ? self_file : NULL;
}

bool unsock_self_exe_is(const char *path) {
    if (!unsock_begins(path, "/proc/"))
        return false;
    struct unsock_span rest = unsock_span_of(path + sizeof("/proc/") - 1), who = unsock_span_next(&rest, '/');
    uint64_t number;
    return unsock_span_is(rest, "exe") &&
           (unsock_span_is(who, "self") || unsock_span_is(who, "thread-self") ||
            (unsock_span_number(who, 10, INT32_MAX, &number) && (long)number == unsock_getpid()));
}
