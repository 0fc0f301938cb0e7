/* Finds the AppArmor profile under which a program would run, and tries what the profile allows. The kernel does not
 * show the paths to which it attaches profiles, so a child executes the program, and is stopped before the first
 * instruction. A process that is itself confined does not try: it can rarely trace its children or change to another
 * profile. Under SELinux, the child shows whether the program's dynamic linker would ignore LD_PRELOAD. */
#include "process/exec.h"

#include "rt/system_calls.h"

#include <linux/auxvec.h>
#include <linux/ptrace.h>

#define APPARMOR "apparmor/"
#define UNCONFINED "unconfined"                /* shown as the name if there is no profile, or as a mode */
#define STOPPED(signal) ((signal) << 8 | 0x7f) /* wait4's status */

/* Appends a process's profile (0: this one) to `name`, without the mode: "man" of "man (enforce)". True if the process
 * is confined. `module`: "apparmor/", or "" (main security module). Sets `*active` if the module is active. */
static bool read_profile(long process, const char *module, struct unsock_text *name, bool *active) {
    UNSOCK_TEXT(path, 48);
    unsock_text_join(&path, "/proc/", process == 0 ? "self" : UNSOCK_DECIMAL(process), "/attr/", module, "current");
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path.buffer, O_RDONLY | O_CLOEXEC, 0);
    char *start = name->buffer + name->length;
    long length = fd < 0 ? fd : unsock_read(fd, start, name->size - name->length - 1);
    struct unsock_span rest = {start, length > 0 ? (size_t)length : 0}, line = unsock_span_next(&rest, '\n'),
                       mode = {line.at + line.length, 0};
    *active = line.length > 0;
    while (line.length > 0 && line.at[line.length - 1] != ' ')
        mode = (struct unsock_span){line.at + --line.length, mode.length + 1};
    bool has_mode = line.length > 0 && mode.at[0] == '(';
    bool confines = *active && !unsock_span_is(mode, has_mode ? "(" UNCONFINED ")" : UNCONFINED);
    name->length += has_mode ? line.length - 1 : line.length + mode.length;
    name->buffer[name->length] = '\0';
    return confines;
}

/* Kills a stopped child by continuing it with SIGKILL: a profile may forbid kill(2). */
static void end_stopped(long child) {
    unsock_ptrace(PTRACE_CONT, child, 0, SIGKILL);
    unsock_wait_for(child);
}

/* Executes the program in a child, and stops the child before the program's first instruction. Returns the child's
 * process number; 0, with no child left, if tracing is forbidden or the program cannot be executed. */
static long execute_stopped(const struct unsock_exec *exec) {
    const char *const argv[] = {exec->path, NULL};
    uint64_t mask = UNSOCK_ALL_SIGNALS & ~UNSOCK_SIGNAL_BIT(SIGTRAP); /* the exec stops the child by SIGTRAP */
    long child = unsock_clone(0, NULL);
    if (child == 0) {
        unsock_rt_sigprocmask(SIG_SETMASK, &mask, NULL);
        if (unsock_ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && unsock_kill(unsock_getpid(), SIGSTOP) == 0)
            unsock_execveat(exec->directory, exec->path, argv, argv + 1, exec->flags);
        unsock_exit(1);
    }
    int status = unsock_wait_for(child);
    if (status == STOPPED(SIGSTOP) && unsock_ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL) == 0 &&
        unsock_ptrace(PTRACE_CONT, child, 0, 0) == 0)
        status = unsock_wait_for(child);
    if (status == STOPPED(SIGTRAP))
        return child;
    if ((status & 0xff) == STOPPED(0))
        end_stopped(child);
    return 0;
}

bool unsock_confinement_enter(const char *profile) {
    UNSOCK_TEXT(line, UNSOCK_PROFILE_MOST + 16);
    unsock_text_join(&line, "changeprofile ", profile);
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, "/proc/self/attr/apparmor/current", O_WRONLY | O_CLOEXEC, 0);
    return fd >= 0 && unsock_write(fd, line.buffer, line.length) == (long)line.length;
}

/* Runs in a process made for this: finds the program's profile, changes to it, and tries what the profile allows. */
static enum unsock_confinement try_profile(const struct unsock_confinement_question *question,
                                           struct unsock_text *name) {
    long child = execute_stopped(question->exec);
    const char *profile = name->buffer + name->length;
    bool active = false, confined = child > 0 && read_profile(child, APPARMOR, name, &active);
    if (child > 0)
        end_stopped(child);
    if (!confined || !question->library) /* Ubuntu has profiles that do not confine, but allow userns */
        return active && !question->library && !unsock_span_is(unsock_span_of(profile), UNCONFINED)
                   ? UNSOCK_CONFINEMENT_FITS
                   : UNSOCK_CONFINEMENT_NONE;
    UNSOCK_CLOSED long fd = unsock_confinement_enter(profile)
                                ? unsock_openat(AT_FDCWD, question->library, O_RDONLY | O_CLOEXEC, 0)
                                : -EACCES;
    if (fd < 0 || unsock_is_error(unsock_mmap(0, UNSOCK_PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0)))
        return UNSOCK_CONFINEMENT_UNMAPPED;
    return !question->try || question->try(question->context) ? UNSOCK_CONFINEMENT_FITS : UNSOCK_CONFINEMENT_SHUT;
}

/* True if the kernel has set AT_SECURE for the stopped child: then the dynamic linker ignores LD_PRELOAD. */
static bool is_secure(long child) {
    uint64_t entry[2] = {AT_IGNORE};
    UNSOCK_TEXT(path, 32);
    unsock_text_join(&path, "/proc/", UNSOCK_DECIMAL(child), "/auxv");
    UNSOCK_CLOSED long fd = unsock_openat(AT_FDCWD, path.buffer, O_RDONLY | O_CLOEXEC, 0);
    while (entry[0] != AT_SECURE && unsock_read(fd, entry, sizeof(entry)) == sizeof(entry))
        ;
    return entry[0] == AT_SECURE && entry[1] != 0;
}

/* Runs in a process made for this: finds whether the program's SELinux context keeps the library out. */
static enum unsock_confinement try_context(const struct unsock_exec *exec, struct unsock_text *name) {
    long child = execute_stopped(exec);
    bool active, secure = child > 0 && is_secure(child);
    if (secure)
        read_profile(child, "", name, &active);
    if (child > 0)
        end_stopped(child);
    return secure ? UNSOCK_CONFINEMENT_IGNORED : UNSOCK_CONFINEMENT_NONE;
}

/* As unsock_confinement_ask. With `words`, puts "its AppArmor profile " or "its SELinux context " before the name. */
static enum unsock_confinement ask(const struct unsock_confinement_question *question, bool words,
                                   struct unsock_text *name) {
    uint64_t mask = UNSOCK_ALL_SIGNALS; /* a caller's handler must not run in the children */
    size_t before = name->length;
    int32_t ends[2] = {-1, -1};
    bool labels = false, active, confined = read_profile(0, APPARMOR, name, &active);
    if (!active && question->library)
        read_profile(0, "", name, &labels);
    name->buffer[name->length = before] = '\0';
    if ((!active && !labels) || confined || unsock_pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return UNSOCK_CONFINEMENT_NONE;
    if (words)
        unsock_text_put(name, labels ? "its SELinux context " : "its AppArmor profile ");
    before = name->length;
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, &mask);
    long asker = unsock_clone(0, NULL); /* the child's end sends no SIGCHLD, which the program would notice */
    if (asker == 0) {
        enum unsock_confinement answer = labels ? try_context(question->exec, name) : try_profile(question, name);
        unsock_write(ends[1], name->buffer + before, name->length - before);
        unsock_exit(answer);
    }
    int status = unsock_wait_for(asker);
    unsock_rt_sigprocmask(SIG_SETMASK, &mask, NULL);
    enum unsock_confinement answer = (status & 0x7f) == 0 ? status >> 8 : UNSOCK_CONFINEMENT_NONE;
    long length = unsock_read(ends[0], name->buffer + before, name->size - before - 1);
    unsock_close(ends[0]);
    unsock_close(ends[1]);
    name->buffer[before + (answer != UNSOCK_CONFINEMENT_NONE && length > 0 ? (size_t)length : 0)] = '\0';
    name->length = strlen(name->buffer); /* SELinux's text ends with a null byte */
    return answer;
}

enum unsock_confinement unsock_confinement_ask(const struct unsock_confinement_question *question,
                                               struct unsock_text *name) {
    return ask(question, false, name);
}

bool unsock_confinement_refuses(const struct unsock_confinement_question *question, struct unsock_text *why) {
    enum unsock_confinement answer = ask(question, true, why);
    if (answer != UNSOCK_CONFINEMENT_UNMAPPED && answer != UNSOCK_CONFINEMENT_IGNORED)
        return false;
    const char *loads = answer == UNSOCK_CONFINEMENT_IGNORED ? "preload" : "map";
    unsock_text_join(why, " does not let it ", loads, " the library");
    return true;
}
