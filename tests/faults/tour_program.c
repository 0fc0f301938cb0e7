/* The tour's scenarios of the library as a program (expose, hold, wait, run), and of a program whose calls are trapped.
 */
#include "../support/past_libc.h"
#include "tour.h"

#include <dlfcn.h>
#include <ftw.h>
#include <sys/prctl.h>

#define WORDS_MOST 12
#define TRIES 100 /* of 10 ms */

static const char *library_path(void) {
    Dl_info info = {0};
    dladdr(dlsym(RTLD_DEFAULT, "unsock_prune"), &info);
    return info.dli_fname ? info.dli_fname : "";
}

/* One that is built for a sanitizer is no program. */
static pid_t start_library(int input, const char *const *words) {
    pid_t child = strstr(library_path(), "sanitized") ? -1 : fork();
    if (child != 0)
        return child;
    const char *arguments[WORDS_MOST + 2] = {library_path()};
    for (int i = 0; words[i] && i < WORDS_MOST; i++)
        arguments[i + 1] = words[i];
    int null = PAST_LIBC(openat, AT_FDCWD, "/dev/null", O_RDWR);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(TOUR_CHILD_SECONDS);
    PAST_LIBC(dup3, input < 0 ? null : input, STDIN_FILENO, 0);
    PAST_LIBC(dup3, null, STDOUT_FILENO, 0);
    PAST_LIBC(dup3, null, STDERR_FILENO, 0);
    PAST_LIBC(close_range, 3, ~0u, 0);
    unsetenv("LD_PRELOAD");
    execv(arguments[0], (char *const *)arguments);
    _exit(1);
}

/* It may say no, or have been killed where it had got to; it never crashes and never hangs. */
static void end_library(pid_t child, int signal, const char *what) {
    int status = 0;
    if (child <= 0)
        return;
    if (signal != 0)
        kill(child, signal);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        finding("%s hangs", what);
    else if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL && WTERMSIG(status) != signal)
        finding("%s was ended by %s", what, sigabbrev_np(WTERMSIG(status)));
}

static const char *port_text(int port) {
    static char text[2][16];
    static int turn;
    turn = !turn;
    snprintf(text[turn], sizeof text[turn], "%d", port);
    return text[turn];
}

static void waits(void) {
    int listener = listening("127.0.0.1", TOUR_PORT);
    const char *const there[] = {"wait", "--dir", getenv("UNSOCK_DIR"), "--timeout", "1", port_text(TOUR_PORT), NULL};
    const char *const gone[] = {"wait", "--dir",  getenv("UNSOCK_DIR"), "--timeout",
                                "1",    "--gone", port_text(TOUR_PORT), NULL};
    end_library(start_library(-1, there), 0, "wait");
    close(listener);
    end_library(start_library(-1, gone), 0, "wait --gone");
}

/* A client of the network, past the library; -1: it does not come through. */
static int from_network(int type, int port, pid_t server) {
    address to = ip("127.0.0.1", port);
    int fd = (int)PAST_LIBC(socket, AF_INET, type | SOCK_CLOEXEC, 0);
    for (int i = 0; i < TRIES && server > 0; i++) {
        siginfo_t ended = {0};
        if (PAST_LIBC(connect, fd, &to.space, to.length) == 0)
            return fd;
        if (waitid(P_PID, (id_t)server, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0)
            break;
        poll(NULL, 0, 10);
    }
    PAST_LIBC(close, fd);
    return -1;
}

static void exposes(void) {
    char of_stream[40];
    snprintf(of_stream, sizeof of_stream, "%d=%d", TOUR_PORT, GUARD_PORT);
    const char *const words[] = {"expose", "--dir", getenv("UNSOCK_DIR"), of_stream, NULL};
    int listener = listening("127.0.0.1", TOUR_PORT);
    pid_t child = start_library(-1, words);
    int client = from_network(SOCK_STREAM, GUARD_PORT, child), server = client < 0 ? -1 : accepted(listener);
    if (server >= 0) {
        PAST_LIBC(sendto, client, "x", 1, MSG_NOSIGNAL, NULL, 0);
        if (has_come(server))
            recv(server, &(char){0}, 1, MSG_DONTWAIT);
    }
    PAST_LIBC(close, client);
    close(server);
    end_library(child, SIGTERM, "expose");
    close(listener);
}

static void exposes_datagrams(void) {
    char of_datagrams[40];
    snprintf(of_datagrams, sizeof of_datagrams, "%d/udp=%d", TOUR_PORT, GUARD_PORT);
    const char *const words[] = {"expose", "--dir", getenv("UNSOCK_DIR"), of_datagrams, NULL};
    int server = datagrams("127.0.0.1", TOUR_PORT);
    pid_t child = start_library(-1, words);
    int client = from_network(SOCK_DGRAM, GUARD_PORT, child);
    for (int i = 0; i < TRIES && client >= 0 && !has_come(server); i++) {
        siginfo_t ended = {0};
        PAST_LIBC(sendto, client, "x", 1, MSG_NOSIGNAL, NULL, 0);
        if (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid != 0)
            break;
    }
    address from = {.length = sizeof from.space};
    char byte;
    if (has_come(server) && recvfrom(server, &byte, 1, MSG_DONTWAIT, ANY(&from), &from.length) == 1)
        sendto(server, &byte, 1, MSG_DONTWAIT, ANY(&from), from.length);
    PAST_LIBC(close, client);
    end_library(child, SIGTERM, "expose of UDP");
    close(server);
}

static int remove_one(const char *path, const struct stat *status, int what, struct FTW *walk) {
    (void)status, (void)what, (void)walk;
    remove(path);
    return 0;
}

/* A directory of its own: one that is killed leaves a private one. */
static void in_new_directory(void (*use)(const char *directory)) {
    char directory[] = "/tmp/unsock-tour-XXXXXX";
    if (!mkdtemp(directory))
        return;
    use(directory);
    nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void hold_in(const char *directory) {
    static const char requests[] = "20\nmap 80=/nowhere.sock5\nother6\nunused";
    const char *const words[] = {"hold", "--dir", directory, NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    pid_t child = start_library(ends[0], words);
    if (write(ends[1], requests, sizeof requests - 1) < 0)
        finding("no pipe");
    close(ends[1]);
    end_library(child, 0, "hold");
    close(ends[0]);
}

static void holds(void) {
    in_new_directory(hold_in);
}

/* `run` makes a private directory; by the second engine it rewrites the program's calls and traps the others. */
static void run_in(const char *directory) {
    const char *const private[] = {"run",     "--private", "--dir", directory, "--", program_invocation_name,
                                   "nothing", NULL};
    const char *const trapped[] = {
        "run", "--engine", "trap", "--dir", directory, "--", program_invocation_name, "one-connection", NULL};
    end_library(start_library(-1, private), 0, "run --private");
    end_library(start_library(-1, trapped), 0, "run --engine trap");
}

static void runs(void) {
    in_new_directory(run_in);
}

void tour_programs(const char *name) {
    scenario(name, "program-wait", waits);
    scenario(name, "program-expose", exposes);
    scenario(name, "program-expose-udp", exposes_datagrams);
    scenario(name, "program-hold", holds);
    scenario(name, "program-run", runs);
}
