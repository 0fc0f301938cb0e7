/* libunsock.so run as a program: `run -- COMMAND…`, a control file from the environment, or its usage. */
#include "program/program.h"

#include "process/search.h"
#include "process/start.h"
#include "program/make_control.h"
#include "rt/libc.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rt/text.h"
#include "rules/settings.h"
#include "unsock.h"

#define PATH_MOST 4096
#define EXIT_OWN 125
#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND 127

static const char usage[] =
    "libunsock.so " UNSOCK_VERSION ": IP sockets become Unix domain sockets (or AF_VSOCK, AF_TIPC, ...)\n"
    "\n"
    "  LD_PRELOAD=/path/to/libunsock.so UNSOCK_DIR=DIR COMMAND...   run COMMAND with it\n"
    "  libunsock.so run -- COMMAND...                               the same, settings from the environment\n"
    "  UNSOCK_FILE=FILE UNSOCK_VSOCK_PORT=PORT libunsock.so         make a control file for AF_VSOCK\n"
    "  UNSOCK_FILE=FILE UNSOCK_FC_SOCK=PATH UNSOCK_VSOCK_PORT=PORT libunsock.so\n"
    "                                                               ... for a Firecracker multiplexer\n"
    "  UNSOCK_FILE=FILE UNSOCK_TIPC_TYPE=N ... libunsock.so         ... for AF_TIPC (also _ADDRTYPE _SCOPE\n"
    "                                                               _LOWER _UPPER)\n";

static void say(int fd, const char *text) {
    unsock_sys(__NR_write, fd, text, strlen(text));
}

/* "unsock: what: why", on stderr. */
static int fail(const char *what, const char *why, int status) {
    char buffer[PATH_MOST + 256];
    struct unsock_text line;
    unsock_text_start(&line, buffer, sizeof(buffer));
    unsock_text_put(&line, "unsock: ");
    unsock_text_put(&line, what);
    unsock_text_put(&line, why[0] != '\0' ? ": " : "");
    unsock_text_put(&line, why);
    unsock_text_char(&line, '\n');
    say(2, buffer);
    return status;
}

/* The path of this file, for LD_PRELOAD. Returns false where /proc does not tell. */
static bool own_file(char *path, size_t size) {
    long length = unsock_sys(__NR_readlinkat, AT_FDCWD, "/proc/self/exe", path, size - 1);
    if (length <= 0 || (size_t)length >= size - 1)
        return false;
    path[length] = '\0';
    return true;
}

static int run(const char *const *argv, const struct unsock_environment *environment) {
    char own[PATH_MOST];
    const char *path = unsock_environment_get(environment, "PATH");
    if (!own_file(own, sizeof(own)))
        return fail("run", "/proc/self/exe does not tell this file's path: is /proc mounted?", EXIT_OWN);
    unsock_start_program(environment, own);
    long result =
        unsock_exec_search(argv[0], path ? path : "/usr/local/bin:/usr/bin:/bin", argv, environment->list, true);
    bool missing = result == -ENOENT || result == -ENOTDIR;
    return fail(argv[0], missing ? "not found" : "cannot be executed", missing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

/* Refused here too, where the message has a command line to belong to: not in every program that COMMAND starts. */
static int check_and_run(const char *const *argv, const char *const *environment) {
    struct unsock_environment source = {.list = environment};
    char line[512];
    struct unsock_text error;
    unsock_text_start(&error, line, sizeof(line));
    if (!unsock_settings_read(&source, &unsock_settings, &error))
        return fail(line, "", EXIT_OWN);
    return run(argv, &source);
}

static bool is(const char *text, const char *other) {
    return unsock_span_is(unsock_span_of(text), other);
}

int unsock_program(int argc, const char *const *argv, const char *const *environment) {
    struct unsock_environment source = {.list = environment};
    if (argc >= 2 && is(argv[1], "run")) {
        if (argc < 4 || !is(argv[2], "--"))
            return fail("run", "usage: libunsock.so run -- COMMAND [ARG...]", EXIT_OWN);
        return check_and_run(argv + 3, environment);
    }
    if (argc >= 2 && !is(argv[1], "--help") && !is(argv[1], "-h") && !is(argv[1], "--version"))
        return fail(argv[1], "unknown command; --help says what there is", 1);
    if (argc >= 2 && is(argv[1], "--version")) {
        say(1, UNSOCK_VERSION "\n");
        return 0;
    }
    if (argc < 2 && unsock_environment_get(&source, "UNSOCK_FILE"))
        return unsock_make_control_program(&source);
    say(1, usage);
    return 0;
}
