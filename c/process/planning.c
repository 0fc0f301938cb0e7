/* Inspects the program that is to be executed, and decides the way to start it. */
#include "process/exec.h"

#include "kernel/file_info.h"
#include "process/start.h"
#include "rt/system_calls.h"

static void say_outcome(const struct unsock_planning *planning, const char *why, const char *outcome) {
    struct unsock_text line = unsock_text_in(planning->room, UNSOCK_PROGRAM_ROOM);
    unsock_text_join(&line, "unsock: ", planning->named, ": ", why, outcome);
    unsock_write(2, line.buffer, line.length);
}

long unsock_planning_out_of_reach(const struct unsock_planning *planning, const char *why, enum unsock_way way) {
    if (unsock_activity != UNSOCK_ACTIVE)
        return way;
    say_outcome(planning, why, unsock_settings.strict ? ": not started (UNSOCK_STRICT)\n" : ": it is not redirected\n");
    return unsock_settings.strict ? -EACCES : (long)way;
}

static const char *copy_of(struct unsock_planning *planning, const char *string) {
    size_t size = strlen(string) + 1;
    char *copy = unsock_exec_space_cut(planning->plan->space, size);
    if (copy)
        memcpy(copy, string, size);
    return copy;
}

/* Plans the exec of the script's interpreter, with the argument in the "#!" line, the script's path and arguments. */
static long follow_script(struct unsock_planning *planning) {
    const char *interpreter = copy_of(planning, planning->file->interpreter);
    const char *argument = planning->file->argument[0] != '\0' ? copy_of(planning, planning->file->argument) : NULL;
    if (!interpreter || (planning->file->argument[0] != '\0' && !argument))
        return -ENOMEM;
    const char **first = planning->argv;
    *first = planning->run.path;
    if (argument)
        *--first = argument;
    *--first = interpreter;
    planning->argv = first;
    planning->run = (struct unsock_exec){.directory = AT_FDCWD, .path = interpreter};
    return 0;
}

/* Returns the way, or -errno, for a program that makes its own system calls: a static, Go or Free Pascal program. */
static long way_of_own_calls(const struct unsock_planning *planning, bool trapped) {
    /* Valgrind's tools are static programs that run another program inside themselves. Preloading works in that
     * program. The tool makes that program's system calls itself, and cannot handle a SIGSYS within a call. */
    if (unsock_environment_get(planning->plan->exec.environment, "VALGRIND_LAUNCHER")) {
        if (!trapped && unsock_settings.engine != UNSOCK_ENGINE_TRAP)
            return UNSOCK_WAY_PLAINLY;
        return unsock_planning_out_of_reach(planning, "what it runs in itself cannot be trapped",
                                            trapped ? UNSOCK_WAY_LOADED : UNSOCK_WAY_PLAINLY);
    }
    if ((trapped || unsock_settings.engine != UNSOCK_ENGINE_PRELOAD) && unsock_child_environment_file())
        return UNSOCK_WAY_LOADED;
    return unsock_planning_out_of_reach(planning, "it makes its system calls itself, and UNSOCK_ENGINE is preload",
                                        UNSOCK_WAY_PLAINLY);
}

#define IGNORES ": the dynamic linker ignores the library (--engine trap keeps it, without that right)"

static long way_of(const struct unsock_planning *planning, long fd) {
    static const char *const gains[] = {NULL, "set-user-ID" IGNORES, "set-group-ID" IGNORES,
                                        "file capabilities" IGNORES};
    bool trapped = unsock_start_trapped;
    const char *gain = gains[unsock_program_gains_rights(fd)];
    if (gain)
        return unsock_planning_out_of_reach(planning, gain, trapped ? UNSOCK_WAY_LOADED : UNSOCK_WAY_UNTOUCHED);
    switch (planning->file->kind) {
    case UNSOCK_PROGRAM_DYNAMIC:
        return trapped || (unsock_settings.engine == UNSOCK_ENGINE_TRAP && unsock_child_environment_file())
                   ? UNSOCK_WAY_LOADED
                   : UNSOCK_WAY_PLAINLY;
    case UNSOCK_PROGRAM_STATIC:
    case UNSOCK_PROGRAM_OWN_CALLS:
        return way_of_own_calls(planning, trapped);
    case UNSOCK_PROGRAM_FOREIGN:
        return unsock_planning_out_of_reach(planning, "it is made for another machine, or for 32 bits",
                                            UNSOCK_WAY_PLAINLY);
    default:
        return trapped ? -ENOEXEC : UNSOCK_WAY_PLAINLY;
    }
}

/* Returns the way or -errno for a file that cannot be read. An untrapped process executes the file, except with
 * UNSOCK_STRICT. A trapped process does not: without the loader, its first trapped call would end the program. */
static long cannot_look(const struct unsock_planning *planning, long error) {
    const struct unsock_exec *run = &planning->run;
    if (unsock_program_may_execute(run->directory, run->path, run->flags) < 0 || error != -EACCES)
        return !unsock_start_trapped ? UNSOCK_WAY_PLAINLY : error == -EISDIR ? -EACCES : error;
    if (unsock_start_trapped) {
        say_outcome(planning, "it can be executed, but not read", ": not started\n");
        return -EACCES;
    }
    return unsock_planning_out_of_reach(planning, "it can be executed, but not read: what it is cannot be seen",
                                        UNSOCK_WAY_PLAINLY);
}

long unsock_planning_find_way(struct unsock_planning *planning, long *opened) {
    const struct unsock_exec *run = &planning->run;
    for (unsigned scripts = 0;; scripts++) {
        long fd = unsock_program_open(run->directory, run->path, run->flags);
        if (fd < 0)
            return cannot_look(planning, fd);
        unsock_program_look(fd, planning->room, planning->file);
        bool script = planning->file->kind == UNSOCK_PROGRAM_SCRIPT;
        long result = script ? 0 : way_of(planning, fd);
        /* Checks the right to execute the file: after ENOEXEC, execvp would start a shell even without that right. */
        if (result == UNSOCK_WAY_LOADED || result == -ENOEXEC || script) {
            long allowed = unsock_program_may_execute(run->directory, run->path, run->flags);
            result = allowed < 0 ? allowed : result;
        }
        if (result == UNSOCK_WAY_LOADED && !script) {
            *opened = fd;
            return UNSOCK_WAY_LOADED;
        }
        unsock_close(fd);
        if (result < 0 || !script)
            return result;
        if (scripts == UNSOCK_SCRIPTS_MOST)
            return unsock_start_trapped ? -ELOOP : UNSOCK_WAY_PLAINLY;
        result = follow_script(planning);
        if (result < 0)
            return result;
    }
}
