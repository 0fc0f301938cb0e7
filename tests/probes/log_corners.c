/*
 * The log must not disturb a program: with a limit of file sizes, a closed pipe, or another file at descriptor 2. Run
 * under the library with UNSOCK_LOG; the argument selects the case.
 */
#include "probe.h"

#include <sys/resource.h>
#include <sys/stat.h>

/* Logged calls. */
static int work(void) {
    int server = listening("127.0.0.1", 0);
    int client = connected("127.0.0.1", own_port(server));
    close(CHECK(accept(server, NULL, NULL)));
    close(client);
    close(server);
    return 0;
}

static bool is_pending(int number) {
    sigset_t set;
    CHECK(sigpending(&set));
    return sigismember(&set, number) == 1;
}

static void limited(void) {
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_FSIZE, &none));
    work();
    fact_yes("SIGXFSZ is pending", is_pending(SIGXFSZ));
}

/* A pipe nobody reads from any more is what the program is started with. */
static void without_reader(const char *self) {
    int ends[2];
    CHECK(pipe(ends));
    pid_t pid = fork_peer();
    if (pid == 0) {
        CHECK(dup2(ends[1], 2));
        close(ends[0]);
        close(ends[1]);
        execl(self, self, "work", NULL);
        _exit(1);
    }
    close(ends[0]);
    close(ends[1]);
    fact("without a reader", "%d", ended(pid));
}

/* One that the program has blocked and that waits already is still there afterwards. */
static void blocked(const char *self) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL));
    raise(SIGPIPE);
    without_reader(self);
    work();
    fact_yes("SIGPIPE is pending", is_pending(SIGPIPE));
}

static void reopened(void) {
    char name[] = "/tmp/log_corners-XXXXXX";
    struct stat status;
    int fd = CHECK(mkstemp(name));
    CHECK(unlink(name));
    fclose(stderr);
    CHECK(dup2(fd, 2));
    work();
    CHECK(fstat(2, &status));
    fact("bytes in the file", "%ld", (long)status.st_size);
}

/* The number is a connection's. */
static void connection(void) {
    char bytes[16];
    int server = listening("127.0.0.1", 0);
    fclose(stderr);
    int client = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL));
    fact("the connection's number", "%d", client);
    work();
    fact_number("the peer hears", recv(peer, bytes, sizeof bytes, MSG_DONTWAIT));
}

int main(int count, char **arguments) {
    probe_start();
    const char *what = count > 1 ? arguments[1] : "";
    if (strcmp(what, "work") == 0)
        return work();
    if (strcmp(what, "limit") == 0)
        limited();
    else if (strcmp(what, "reader") == 0)
        without_reader(arguments[0]);
    else if (strcmp(what, "blocked") == 0)
        blocked(arguments[0]);
    else if (strcmp(what, "reopened") == 0)
        reopened();
    else
        connection();
    return 0;
}
