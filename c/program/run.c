/* The commands `run` and `hold`. All that can be checked without a change is checked before the first change. */
#include "program/run.h"

#include "kernel/file_info.h"
#include "process/start.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#define OFF "UNSOCK_OFF=1 is set"
#define WHY_MOST 256
#define WALLS 3 /* --optional must not break the first WALLS entries of promises[] (promise_of_run) */
#define PRIVATE_TO_COME "/private/XXXXXX"

struct run {
    const struct unsock_command_call *call;
    bool holds; /* `hold`: no command, and a private directory */
    struct unsock_text *error;
    bool force;
    bool is_private;
    bool trusts; /* sets UNSOCK_TRUST for the command */
    struct unsock_directory_rights rights;
    struct unsock_run_environment environment;
    bool on_network; /* no sockets can be made: with --optional, the command runs on the real network */
    bool unreached;
    bool is_trapped;
    bool is_made; /* the private directory exists, and this process must remove it */
    bool is_open; /* other users could replace the directory */
    /* The members from here on are not zeroed, to save time: each is written before it is read. */
    struct unsock_run_directory directory;
    struct unsock_private private;
    char shared[UNSOCK_PATH_MOST]; /* --each: the directory of all processes but workers */
    char library[UNSOCK_PATH_MOST];
    char file[UNSOCK_PATH_MOST];
    struct unsock_run_map maps[UNSOCK_RUN_MAPS_MOST];
};

static const char *option_of_run(const struct run *run, const char *flag) {
    return unsock_options_value(run->call->options, flag);
}

/* Notes the door (preload or trap) to a file of the command. Without --force, refuses a file without a usable door. */
static void see_step(struct unsock_route *route, const struct unsock_route_step *step) {
    struct run *run = route->context;
    bool only_preload = unsock_settings.engine == UNSOCK_ENGINE_PRELOAD;
    run->is_trapped |= step->door == UNSOCK_DOOR_TRAP;
    if (step->door != UNSOCK_DOOR_NONE && !(step->door == UNSOCK_DOOR_TRAP && only_preload))
        return;
    if (run->force || run->unreached)
        return;
    run->unreached = true;
    unsock_text_join(run->error, "command ", run->file);
    if (!unsock_span_is(unsock_span_of(step->file), run->file))
        unsock_text_join(run->error, ": its interpreter ", step->file);
    unsock_text_join(run->error, ": the library cannot reach it: ", step->why, " (--force runs it anyway)");
}

static int find_program(struct run *run) {
    struct unsock_route route = {
        .search = unsock_search_path(run->environment.list), .error = run->error, .see = see_step, .context = run};
    const char *const *command = run->call->options->command;
    if (!unsock_route_find(&route, command[0], run->file)) {
        if (unsock_span_is(unsock_span_of(command[-1]), "--log"))
            unsock_text_join(run->error, ": if it is the file of --log, write --log=", command[0]);
        else if (unsock_span_has(unsock_span_of(command[0]), '='))
            unsock_text_join(run->error, ": to set variables: env ", command[0], " COMMAND");
        else if (unsock_span_has(unsock_span_of(command[0]), ' '))
            unsock_text_put(run->error, ": write a command and its arguments without quotes");
        return route.status;
    }
    *run->error = unsock_text_in(run->error->buffer, run->error->size);
    bool asks = !run->force || unsock_settings.engine != UNSOCK_ENGINE_PRELOAD;
    if (asks && !unsock_route_follow(&route, run->file))
        return route.status;
    if (run->unreached)
        return UNSOCK_RUN_FAILED;
    bool loads = run->is_trapped || unsock_settings.engine == UNSOCK_ENGINE_TRAP;
    struct unsock_exec exec = {.directory = AT_FDCWD, .path = run->file};
    struct unsock_confinement_question question = {&exec, run->library, NULL, NULL};
    UNSOCK_TEXT(why, UNSOCK_PROFILE_MOST + 64);
    if (!loads && !run->force && !unsock_settings.off && unsock_confinement_refuses(&question, &why)) {
        unsock_text_join(run->error, "command ", run->file, ": ", why.buffer, " ", run->library,
                         ": see docs/security.md (--force runs it anyway)");
        return UNSOCK_RUN_FAILED;
    }
    if (!loads || unsock_program_may_execute(AT_FDCWD, run->library, 0) == 0)
        return 0;
    unsock_text_join(run->error, "library ", run->library, ": not executable, and ", command[0],
                     " has to be started by it: chmod +x ", run->library);
    return UNSOCK_RUN_FAILED;
}

/* Returns an option or setting that promises redirection, or NULL; not --private or --each if `run->on_network`. */
static const char *promise_of_run(const struct run *run) {
    static const char promises[][16] = {"--block-inet", "--strict", "--isolate", "--private", "--each"};
    for (unsigned i = 0; i < (run->on_network ? WALLS : sizeof(promises) / sizeof(promises[0])); i++)
        if (option_of_run(run, promises[i]))
            return promises[i];
    return run->holds                   ? "hold"
           : unsock_settings.block_inet ? "UNSOCK_BLOCK_INET=1"
           : unsock_settings.strict     ? "UNSOCK_STRICT=1"
                                        : NULL;
}

/* Unless UNSOCK_OFF=1, checks that this process may create Unix sockets. If not, fails, or with --optional sets
 * UNSOCK_OFF=1 for the command. Fails if UNSOCK_OFF=1, set before or here, would break a promise (promise_of_run). */
static bool check_sockets(struct run *run) {
    if (!unsock_settings.off && unsock_sockets_allowed(run->error))
        return true;
    run->on_network = !unsock_settings.off;
    const char *promise = promise_of_run(run);
    if (!run->on_network)
        return !promise ||
               unsock_text_fail(run->error, "run: ", promise, ": " OFF ", and nothing would be redirected: unset it");
    if (promise || !option_of_run(run, "--optional"))
        return false;
    UNSOCK_TEXT(line, 2 * WHY_MOST);
    unsock_text_join(&line, "unsock: run: ", run->error->buffer, ": the command runs on the real network\n");
    unsock_write(2, line.buffer, line.length);
    *run->error = unsock_text_in(run->error->buffer, run->error->size);
    const char **list = run->environment.list;
    list[run->environment.count] = list[0]; /* in front: else an empty UNSOCK_OFF= of the caller's would hide it */
    list[0] = "UNSOCK_OFF=1";
    list[++run->environment.count] = NULL;
    return run->force = true;
}

/* Returns the directory for the sockets. Until a --private directory is created, its name is a placeholder. */
static const char *path_of_run(struct run *run) {
    struct unsock_text text = unsock_text_in(run->shared, sizeof(run->shared));
    unsock_text_join(&text, run->private.path, UNSOCK_PRIVATE_SHARED);
    return option_of_run(run, "--each") ? run->shared : run->is_private ? run->private.path : run->directory.path;
}

static bool make_command_environment(struct run *run) {
    UNSOCK_TEXT(why, WHY_MOST);
    unsock_exec_space_leave(run->environment.space);
    run->environment.space = NULL;
    /* Trusts a --private directory even if others could replace it: its parent is checked, or accepted by --force. */
    run->is_open = unsock_trust_place(path_of_run(run), &why) == UNSOCK_PLACE_OPEN;
    run->trusts |= run->is_private && run->is_open;
    return unsock_run_environment_make(run->call->options, run->trusts, run->call->environment, path_of_run(run),
                                       run->library, &run->environment, run->error);
}

static bool choose_run_directory(struct run *run) {
    struct unsock_text text = unsock_text_in(run->private.path, sizeof(run->private.path));
    if (!unsock_loopback_name_check(option_of_run(run, "--name"), run->error) ||
        !unsock_choose_directory(run->call, &run->directory, run->error) ||
        !unsock_directory_rights_read(option_of_run(run, "--group"), option_of_run(run, "--dir-mode"), &run->rights,
                                      run->error))
        return false;
    unsock_text_join(&text, run->directory.path, PRIVATE_TO_COME);
    return !run->is_private || unsock_private_fits(run->directory.path, option_of_run(run, "--each"), run->error);
}

/* Checks everything that can be checked before a change. Returns the exit status; 0: no error. */
static int check_run(struct run *run) {
    const char *const *caller = run->call->environment;
    struct unsock_text *error = run->error;
    if (!run->call->options->command[0] && !run->holds) {
        unsock_text_put(error, "run: no command: write \"unsock run [options] -- COMMAND [ARG...]\"");
        return UNSOCK_RUN_FAILED;
    }
    if (!choose_run_directory(run) ||
        !unsock_proof_choose(option_of_run(run, "--lib"), run->call->library, caller, run->library, error) ||
        !make_command_environment(run))
        return UNSOCK_RUN_FAILED;
    for (unsigned i = 0; i < run->call->options->each_count; i++)
        if (!unsock_run_map_read(run->call->options->each[i], &run->maps[i], error))
            return UNSOCK_RUN_FAILED;
    return !check_sockets(run) ? UNSOCK_RUN_FAILED : run->holds ? 0 : find_program(run);
}

static int become_command(struct run *run) {
    const char *const *environment = run->environment.list;
    unsock_start_program(environment, run->library);
    long result = unsock_exec_search(run->call->options->command[0], unsock_search_path(environment),
                                     run->call->options->command, environment);
    unsock_text_join(run->error, "command ", run->file, ": ",
                     result == -ENOENT ? "its interpreter or dynamic linker does not exist"
                                       : unsock_errno_words(-result));
    return result == -ENOENT ? UNSOCK_NOT_FOUND : UNSOCK_NOT_EXECUTABLE;
}

/* Writes the maps. In a private directory they need no map keeper, as they are removed together with the directory. */
static bool place_maps(struct run *run) {
    return unsock_run_maps_place(path_of_run(run), run->maps, run->call->options->each_count,
                                 option_of_run(run, "--keep") || run->is_private, run->error);
}

/* Makes and checks the directory, writes the maps, starts keepers. True in the process of the command, or of `hold`. */
static bool make_run_place(struct run *run) {
    struct unsock_text *error = run->error;
    bool made;
    if (!unsock_directory_rights_prepare(&run->directory, run->force, &run->rights, &made, error) ||
        (!run->force && !unsock_run_directory_check_sockets(&run->directory, false, error)))
        return false;
    if (!run->is_private) {
        if (!run->is_open)
            unsock_private_sweep(run->directory.path, true, NULL);
        return place_maps(run);
    }
    if (!unsock_private_make(run->directory.path, &run->private, error))
        return false;
    run->is_made = true;
    long divided = option_of_run(run, "--each") ? unsock_private_divide(path_of_run(run)) : 0;
    if (divided < 0)
        return unsock_text_fail(error, "directory ", path_of_run(run), ": ", unsock_errno_words(-divided));
    if (!make_command_environment(run) || !place_maps(run))
        return false;
    if (!run->holds && !unsock_supervise(run->private.path, run->private.lock, error))
        return false;
    run->is_made = false; /* the keeper, or `hold`, removes the directory */
    return true;
}

static int run_checked(struct run *run) {
    static const char off[] = "unsock: run: " OFF ": nothing is redirected\n";
    const char *const *caller = run->call->environment;
    if (unsock_settings.off)
        unsock_write(2, off, sizeof(off) - 1);
    if (option_of_run(run, "--dry-run"))
        return unsock_run_print(run->environment.list, caller, run->call->options->command, run->error);
    if (!run->on_network &&
        (!make_run_place(run) ||
         !unsock_loopback_name_give(option_of_run(run, "--name"), path_of_run(run), caller, run->error))) {
        if (run->is_made) {
            unsock_private_remove(run->private.path);
            unsock_close(run->private.lock);
        }
        return UNSOCK_RUN_FAILED;
    }
    if (option_of_run(run, "--isolate") && !unsock_isolate(run->error))
        return UNSOCK_RUN_FAILED;
    if (run->holds)
        return unsock_hold(run->private.path, run->environment.list, caller);
    return become_command(run);
}

int unsock_run_start(const struct unsock_command_call *call) {
    struct run run;
    memset(&run, 0, offsetof(struct run, directory));
    run.call = call;
    run.error = call->error;
    run.holds = unsock_span_is(unsock_span_of(call->options->table->command), "hold");
    run.force = run.trusts = option_of_run(&run, "--force");
    run.is_private = run.holds || option_of_run(&run, "--private") || option_of_run(&run, "--each");
    int status = check_run(&run);
    if (status == 0)
        status = run_checked(&run);
    unsock_exec_space_leave(run.environment.space);
    return status;
}
