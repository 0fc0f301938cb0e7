/*
 * forbidden LIBRARY ENGINE: runs a program (forbidden_steps.c) again and again, each time with another system call
 * forbidden by a seccomp filter, with EPERM and with ENOSYS, before it is executed and when it has started: without the
 * library and with it. It needs a network namespace of its own: the TCP and UDP servers there, and the kernel's
 * counters, must see no traffic.
 *
 * PROGRAM is this one, by an absolute path. Prints "finding: …" for each leak, crash, hang and errno that is none of
 * TCP's; "goes on: …" with the calls that can be forbidden without any effect; then "N runs".
 */
#include "forbidden.h"

#include "forbidden_calls.h"

#define PATIENCE_MS 20000
#define TRIES 3

static const char *self, *library, *engine;
static struct report *report;
static int listeners[2], receivers[2];
static int elsewhere; /* the network namespace of what runs without the library */
static unsigned runs;

static pid_t start(char *const *argv, bool with_library, int output) {
    pid_t pid = checked(fork(), "fork");
    if (pid > 0)
        return pid;
    if (with_library) {
        setenv("LD_PRELOAD", library, 1);
        setenv("UNSOCK_ENGINE", engine, 1);
    } else {
        checked(setns(elsewhere, CLONE_NEWNET), "setns");
    }
    if (output >= 0)
        dup2(output, STDOUT_FILENO);
    execv(self, argv);
    fail("exec");
}

static pid_t start_guard(bool with_library) {
    int ends[2];
    char byte;
    checked(pipe2(ends, O_CLOEXEC), "pipe");
    pid_t pid = start((char *[]){(char *)self, "guard", NULL}, with_library, ends[1]);
    close(ends[1]);
    if (read(ends[0], &byte, 1) != 1)
        fail("the guard does not start");
    close(ends[0]);
    return pid;
}

/* Of TCP and UDP, IPv4 and IPv6: what was opened and sent in this network namespace. */
static long traffic(void) {
    static const char *const files[] = {"/proc/net/snmp", "/proc/net/snmp6"};
    char line[2048];
    long sum = 0;
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(files[i], "re");
        while (file && fgets(line, sizeof line, file)) {
            bool counts = strncmp(line, "Udp6OutDatagrams", 16) == 0 || strncmp(line, "Ip6OutRequests", 14) == 0;
            long opens = 0, sent = 0;
            if (sscanf(line, "Tcp: %*d %*d %*d %*d %ld", &opens) == 1 ||
                sscanf(line, "Udp: %*d %*d %*d %ld", &sent) == 1 || (counts && sscanf(line, "%*s %ld", &sent) == 1))
                sum += opens + sent;
        }
        if (file)
            fclose(file);
    }
    return sum;
}

static const char *error_name(int error) {
    return error == 0 ? "ok" : strerrorname_np(error);
}

struct run {
    const struct call *call;
    const char *when;
    int error;
};

static void finding(const struct run *run, const char *what, const char *detail) {
    printf("finding: %s by %s, %s: %s%s\n", run->call->name, error_name(run->error), run->when, what, detail);
    fflush(stdout);
}

static void look_for_leaks(const struct run *run, long before) {
    for (int i = 0; i < 2; i++) {
        char byte;
        int came = accept4(listeners[i], NULL, NULL, SOCK_NONBLOCK);
        if (came >= 0)
            finding(run, "a connection came over TCP", "");
        close(came);
        if (recv(receivers[i], &byte, 1, MSG_DONTWAIT) >= 0)
            finding(run, "a datagram came over UDP", "");
    }
    for (int port = FIRST_PORT; port < FIRST_PORT + PORTS; port++)
        for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++) {
            struct sockaddr_in address = at(port);
            int fd = checked(socket(AF_INET, type, 0), "socket");
            if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
                finding(run, "a port is bound on the network", type == SOCK_STREAM ? ", TCP" : ", UDP");
            close(fd);
        }
    if (traffic() != before)
        finding(run, "the kernel has counted traffic", "");
}

static void pause_ms(long milliseconds) {
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* Returns whether the program came to its end; what its steps came to is in `results` then. */
static bool watch(const struct run *run, bool with_library, int results[STEPS_MOST]) {
    char number[16], error[16];
    long before = traffic();
    int status = -1;
    snprintf(number, sizeof number, "%d", run->call->number);
    snprintf(error, sizeof error, "%d", run->error);
    memset((void *)report, 0, sizeof *report);
    runs++;
    pid_t pid = start((char *[]){(char *)self, "make", (char *)run->when, number, error, NULL}, with_library, -1);
    int waited = 0;
    while (report->done == 0 && waitpid(pid, &status, WNOHANG) == 0 && waited++ < PATIENCE_MS * 10)
        nanosleep(&(struct timespec){0, 100000}, NULL);
    bool done = report->done != 0, ended = false;
    if (with_library)
        look_for_leaks(run, before);
    memcpy(results, (void *)report->results, sizeof report->results);
    report->go = 1;
    if (status == -1) {
        for (waited = 0; !(ended = waitpid(pid, &status, WNOHANG) != 0) && waited < PATIENCE_MS; waited++)
            pause_ms(1);
        kill(pid, SIGKILL);
        if (!ended)
            waitpid(pid, &status, 0);
    } else {
        ended = true;
    }
    if (with_library && !ended)
        finding(run, done ? "it does not end" : "it hangs", "");
    else if (with_library && WIFSIGNALED(status))
        finding(run, "it is ended by ", strsignal(WTERMSIG(status)));
    return done;
}

/* True for an errno of TCP or UDP, from a call that is not forbidden itself. */
static bool is_of_ip(int error) {
    static const int good[] = {0,      EACCES,    ECONNREFUSED, EADDRINUSE,  EADDRNOTAVAIL, ENOBUFS,  ENOMEM,
                               EINVAL, EAGAIN,    EALREADY,     EINPROGRESS, EISCONN,       ENOTCONN, ENOPROTOOPT,
                               EPIPE,  ETIMEDOUT, EDESTADDRREQ, ENETUNREACH, ECONNRESET};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        if (error == good[i])
            return true;
    return false;
}

/* True for a step that succeeded but can have reached nobody. */
static bool is_lost(const char *call, const char *step) {
    /* To nobody nothing is sent: the directory's names have said that. */
    bool sends = strncmp(step, "sendto_", 7) == 0 && strcmp(step, "sendto_nobody") != 0;
    return (strcmp(call, "sendto") == 0 && sends) || (strcmp(call, "connect") == 0 && strcmp(step, "join") == 0);
}

static int usual[STEPS_MOST];

/*
 * Returns whether all steps ran as if no call were forbidden. A result that occurs once has another cause: a guard that
 * has not read yet leaves a queue full, say.
 */
static bool compare(const struct run *run) {
    int native[STEPS_MOST] = {0}, results[STEPS_MOST];
    bool same = true;
    for (int i = 0; i < TRIES && same; i++) {
        same = watch(run, true, results);
        if (same && memcmp(results, usual, sizeof usual) == 0)
            return true;
    }
    bool starts = watch(run, false, native);
    if (!same)
        return !starts; /* it cannot start without the library either */
    for (int i = 0; step_name(i); i++) {
        char detail[80], text[90];
        snprintf(detail, sizeof detail, "%s (without the library %s)", error_name(results[i]), error_name(native[i]));
        if (getenv("FORBIDDEN_TELL") && results[i] != usual[i] && results[i] != native[i])
            printf("%s by %s, %s: %s: %s\n", run->call->name, error_name(run->error), run->when, step_name(i), detail);
        snprintf(text, sizeof text, ": %s", detail);
        /* An earlier step has made no socket then. */
        bool none = results[i] == EBADF && starts;
        if (!is_of_ip(results[i]) && results[i] != native[i] && !none)
            finding(run, step_name(i), text);
        if (results[i] == 0 && is_lost(run->call->name, step_name(i)))
            finding(run, step_name(i), ": it is lost without a word");
        same &= results[i] == usual[i] || results[i] == native[i];
    }
    return same;
}

static void look_at(const struct call *call) {
    static const char *const whens[] = {"before", "after"};
    bool same = true;
    for (int i = 0; i < 4; i++) {
        struct run run = {call, whens[i / 2], i % 2 ? ENOSYS : EPERM};
        bool here = compare(&run);
        if (!here && getenv("FORBIDDEN_TELL"))
            printf("%s by %s, %s: changes something\n", call->name, error_name(run.error), run.when);
        same &= here;
    }
    if (same)
        printf("goes on: %s\n", call->name);
    fflush(stdout);
}

/* Nobody is in it but the program and another guard. */
static void make_elsewhere(void) {
    struct ifreq lo = {.ifr_name = "lo"};
    int here = checked(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "namespace");
    checked(unshare(CLONE_NEWNET), "unshare");
    int fd = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    checked(ioctl(fd, SIOCGIFFLAGS, &lo), "lo");
    lo.ifr_flags |= IFF_UP;
    checked(ioctl(fd, SIOCSIFFLAGS, &lo), "lo");
    close(fd);
    elsewhere = checked(open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "namespace");
    checked(setns(here, CLONE_NEWNET), "setns");
    close(here);
}

static void listen_on_network(void) {
    for (int i = 0; i < 2; i++) {
        struct sockaddr_in address = at(i ? NOBODY_PORT : GUARD_PORT);
        listeners[i] = checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
        receivers[i] = checked(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
        if (i == 0)
            checked(bind(listeners[i], (struct sockaddr *)&address, sizeof address), "bind");
        if (i == 0)
            checked(listen(listeners[i], 100), "listen");
        checked(bind(receivers[i], (struct sockaddr *)&address, sizeof address), "bind");
    }
}

int main(int argc, char **argv) {
    self = argv[0];
    if (argc > 1 && strcmp(argv[1], "make") == 0)
        return program_make(argv);
    if (argc > 1 && strcmp(argv[1], "use") == 0)
        return program_use(argv);
    if (argc > 1 && strcmp(argv[1], "guard") == 0)
        program_guard();
    if (argc < 3)
        return 2;
    library = argv[1];
    engine = argv[2];
    int memory = checked(memfd_create("report", 0), "memfd");
    checked(ftruncate(memory, sizeof *report), "memfd");
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    checked(dup2(memory, REPORT_FD), "dup2");
    make_elsewhere();
    listen_on_network();
    pid_t guards[] = {start_guard(false), start_guard(true)};
    static const struct call none = {-1, "nothing"};
    struct run first = {&none, "after", EPERM};
    if (!watch(&first, true, usual))
        fail("it does not come to its end with nothing forbidden");
    for (int i = 0; step_name(i); i++)
        if (getenv("FORBIDDEN_TELL"))
            printf("usual: %s: %s\n", step_name(i), error_name(usual[i]));
    for (const struct call *call = calls; call->name; call++)
        if (argc < 4 || strcmp(argv[3], call->name) == 0)
            look_at(call);
    for (int i = 0; i < 2; i++)
        kill(guards[i], SIGKILL);
    printf("%u runs\n", runs);
    return 0;
}
