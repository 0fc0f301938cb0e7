/* Inspects the files that a command runs, as execvp and the kernel find them. */
#include "process/exec.h"

#include "kernel/file_info.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#include <elf.h>

#define STEPS_MOST 10
#define WHY_MOST 400

static bool fail_route(struct unsock_route *route, const char *file, const char *why, int status) {
    *route->error = unsock_text_in(route->error->buffer, route->error->size);
    route->status = status;
    return unsock_text_fail(route->error, "command ", file, ": ", why);
}

static bool check_executable(struct unsock_route *route, const char *file) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, file, 0, STATX_TYPE, &status);
    if (result == -ENOENT)
        return fail_route(route, file, "not found", UNSOCK_NOT_FOUND);
    if (result < 0)
        return fail_route(route, file, unsock_errno_words(-result), UNSOCK_NOT_EXECUTABLE);
    if ((status.stx_mode & S_IFMT) == S_IFDIR)
        return fail_route(route, file, "is a directory", UNSOCK_NOT_EXECUTABLE);
    if ((status.stx_mode & S_IFMT) != S_IFREG || unsock_program_may_execute(AT_FDCWD, file, 0) < 0)
        return fail_route(route, file, "not executable", UNSOCK_NOT_EXECUTABLE);
    return true;
}

/* Searches PATH as execvp does. If files are found, but none can be executed, the error is about the first of them. */
static bool search_executable(struct unsock_route *route, const char *command, char *file) {
    struct unsock_span rest = unsock_span_of(route->search);
    UNSOCK_TEXT(first, WHY_MOST);
    bool more = command[0] != '\0';
    while (unsock_search_next(&rest, &more, command, file)) {
        if (check_executable(route, file)) {
            *route->error = unsock_text_in(route->error->buffer, route->error->size);
            return true;
        }
        if (route->status == UNSOCK_NOT_EXECUTABLE && first.length == 0)
            unsock_text_put(&first, route->error->buffer);
    }
    *route->error = unsock_text_in(route->error->buffer, route->error->size);
    route->status = first.length > 0 ? UNSOCK_NOT_EXECUTABLE : UNSOCK_NOT_FOUND;
    return first.length > 0 ? unsock_text_fail(route->error, first.buffer)
                            : unsock_text_fail(route->error, "command \"", command, "\": not found in PATH");
}

bool unsock_route_find(struct unsock_route *route, const char *command, char *file) {
    if (!unsock_span_has(unsock_span_of(command), '/'))
        return search_executable(route, command, file);
    struct unsock_text text = unsock_text_in(file, UNSOCK_PATH_MOST);
    unsock_text_put(&text, command);
    return text.cut ? fail_route(route, file, "File name too long", UNSOCK_NOT_EXECUTABLE)
                    : check_executable(route, command);
}

static const char *machine_name(unsigned machine) {
    static const struct {
        uint16_t machine;
        char name[10];
    } machines[] = {{EM_386, "x86"},       {EM_MIPS, "MIPS"},       {EM_PPC, "PowerPC"},
                    {EM_PPC64, "PowerPC"}, {EM_S390, "S/390"},      {EM_ARM, "ARM"},
                    {EM_X86_64, "x86-64"}, {EM_AARCH64, "aarch64"}, {EM_RISCV, "RISC-V"}};
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        if (machines[i].machine == machine)
            return machines[i].name;
    }
    return "unknown";
}

static enum unsock_door door_of(const struct unsock_program_file *file, enum unsock_program_gain gain,
                                struct unsock_text *why) {
    bool script = file->kind == UNSOCK_PROGRAM_SCRIPT; /* The kernel ignores a script's set-user-ID bit. */
    if (!script && gain != UNSOCK_GAINS_NOTHING) {
        unsock_text_join(why,
                         gain == UNSOCK_GAINS_USER    ? "set-user-ID"
                         : gain == UNSOCK_GAINS_GROUP ? "set-group-ID"
                                                      : "has file capabilities",
                         ": the dynamic linker ignores LD_PRELOAD");
        return UNSOCK_DOOR_NONE;
    }
    switch (file->kind) {
    case UNSOCK_PROGRAM_FOREIGN:
        unsock_text_join(why, "made for another machine (", file->bits == 32 ? "32-bit " : "",
                         machine_name(file->machine), ")");
        return UNSOCK_DOOR_NONE;
    case UNSOCK_PROGRAM_SCRIPT:
        unsock_text_join(why, "a script of ", file->interpreter, file->argument[0] != '\0' ? " " : "", file->argument);
        return UNSOCK_DOOR_SCRIPT;
    case UNSOCK_PROGRAM_OTHER:
        unsock_text_put(why, "no program and without #!: a shell runs it");
        return UNSOCK_DOOR_SCRIPT;
    case UNSOCK_PROGRAM_DYNAMIC:
        unsock_text_put(why, "a dynamic program, the library reaches it");
        return UNSOCK_DOOR_PRELOAD;
    default:
        if (file->own_calls)
            unsock_text_join(why, "a ", file->is_pascal ? "Free Pascal" : "Go",
                             " program: it makes system calls itself, not through libc");
        else
            unsock_text_put(why, "statically linked: nothing can be preloaded");
        return UNSOCK_DOOR_TRAP;
    }
}

static bool is_option(struct unsock_span word) {
    struct unsock_span rest = word;
    return word.length == 0 || word.at[0] == '-' || unsock_span_next(&rest, '=').length < word.length;
}

/* Returns the program that "#!/usr/bin/env [-S] [NAME=VALUE…] PROGRAM" starts; empty for other lines. */
static struct unsock_span env_command(const struct unsock_program_file *file) {
    struct unsock_span rest = unsock_span_of(file->argument), none = {file->argument, 0};
    if (!unsock_span_is(unsock_base_name(unsock_span_of(file->interpreter)), "env"))
        return none;
    /* Without -S the whole argument is one word: the kernel does not split it. */
    if (rest.length < 2 || rest.at[0] != '-')
        return is_option(rest) ? none : rest;
    while (rest.length > 0) {
        struct unsock_span word = unsock_span_next(&rest, ' ');
        if (!is_option(word))
            return word;
    }
    return none;
}

/* Writes the script's interpreter to `next`. False with an error if it cannot be executed; does not check /bin/sh. */
static bool find_next(struct unsock_route *route, const struct unsock_program_file *file, char *next) {
    UNSOCK_TEXT(name, UNSOCK_SCRIPT_LINE);
    struct unsock_text text = unsock_text_in(next, UNSOCK_PATH_MOST);
    struct unsock_span command = env_command(file);
    bool is_other = file->kind == UNSOCK_PROGRAM_OTHER;
    unsock_text_put(&text, is_other ? "/bin/sh" : file->interpreter);
    if (is_other || command.length == 0)
        return is_other || check_executable(route, file->interpreter);
    unsock_text_span(&name, command);
    return unsock_route_find(route, name.buffer, next);
}

/* Reads a file's kind into `*file`, and calls `see`. True if the file is a script, which another program runs. */
static bool look_at_step(struct unsock_route *route, const char *path, struct unsock_program_file *file) {
    _Alignas(16) uint8_t room[UNSOCK_PROGRAM_ROOM];
    UNSOCK_TEXT(why, 2 * UNSOCK_SCRIPT_LINE + 64);
    struct unsock_route_step step = {path, UNSOCK_DOOR_UNKNOWN, "cannot be read, so nothing is known"};
    UNSOCK_CLOSED long fd = unsock_program_open(AT_FDCWD, path, 0);
    if (fd >= 0) {
        unsock_program_look(fd, room, file);
        step.door = door_of(file, unsock_program_gains_rights(fd), &why);
        step.why = why.buffer;
    }
    route->see(route, &step);
    return step.door == UNSOCK_DOOR_SCRIPT;
}

bool unsock_route_follow(struct unsock_route *route, const char *path) {
    char places[2][UNSOCK_PATH_MOST];
    struct unsock_program_file file = {.kind = UNSOCK_PROGRAM_OTHER};
    const char *here = path;
    for (unsigned steps = 0; steps <= STEPS_MOST && look_at_step(route, here, &file); steps++) {
        char *next = places[steps % 2];
        if (!find_next(route, &file, next)) {
            UNSOCK_TEXT(why, WHY_MOST);
            unsock_text_join(&why, path, ": its interpreter ", route->error->buffer + sizeof("command ") - 1);
            *route->error = unsock_text_in(route->error->buffer, route->error->size);
            return unsock_text_fail(route->error, "command ", why.buffer);
        }
        here = next;
    }
    return true;
}
