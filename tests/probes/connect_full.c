/* A blocking connect to a listener whose backlog is full: what ends it, and what does not. */
#include "probe.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#define FILL_MOST 19000
#define FULL_MS 300
/* Far more than TCP_USER_TIMEOUT takes over TCP. */
#define LATE_MS 4000

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Connections that nobody accepts, until one more is not there soon. */
static void fill(int port) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = limit.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit));
    for (int i = 0; i < FILL_MOST; i++) {
        int fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (connect_to(fd, "127.0.0.1", port) < 0 && errno != EINPROGRESS) {
            close(fd);
            return;
        }
        if (ready(fd, POLLOUT, FULL_MS) == 0 || get_option(fd, SOL_SOCKET, SO_ERROR) != 0) {
            close(fd);
            return;
        }
    }
    die("the backlog has no end");
}

static int handled; /* the end of a pipe */

static void tell(int number) {
    (void)number;
    ssize_t written = write(handled, "", 1);
    (void)written;
}

static void on(int number, int flags) {
    struct sigaction action = {.sa_handler = tell, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL));
}

static int stream(void) {
    return CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* How a connect ends, and whether it took as long as it should. */
static void ends(const char *story, int fd, int port, long least) {
    long begun = milliseconds();
    int result = connect_to(fd, "127.0.0.1", port), error = errno;
    long took = milliseconds() - begun;
    fact(story, "%s", result == 0 ? "connected" : errno_name(error));
    fact(story, "after as long as it should: %s", took >= least ? "yes" : "no");
}

static void by_limit(int port) {
    struct timeval time = {0, 300000};
    int fd = stream();
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
    ends("SO_SNDTIMEO 300 ms", fd, port, 250);
    int own = own_port(fd);
    ends("SO_SNDTIMEO 300 ms, again", fd, port, 250);
    fact("SO_SNDTIMEO 300 ms, again", "with the same port: %s", own_port(fd) == own ? "yes" : "no");
    close(fd);
}

/* TCP's own limits: the client ends by itself, or is ended. */
static void by_user_timeout(int port) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC));
    pid_t pid = fork_peer();
    if (pid == 0) {
        int fd = stream();
        CHECK(set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 500));
        connect_to(fd, "127.0.0.1", port);
        fact("TCP_USER_TIMEOUT 500 ms", "%s", errno_name(errno));
        _exit(0);
    }
    close(ends[1]);
    if (ready(ends[0], POLLIN, LATE_MS) == 0) {
        fact("TCP_USER_TIMEOUT 500 ms", "goes on");
        CHECK(kill(pid, SIGKILL));
    }
    CHECK(waitpid(pid, NULL, 0));
    close(ends[0]);
}

static void by_signals(const char *story, int port, int flags, int other_flags) {
    struct itimerval soon = {.it_interval = {0, 200000}, .it_value = {0, 200000}};
    on(SIGVTALRM, other_flags);
    on(SIGALRM, flags);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL));
    ends(story, stream(), port, 150);
}

/* The handler has run more than once, and then a place becomes free; or the signal ends the connect. */
static void interrupted(const char *story, int listener, int flags, int other_flags) {
    int ends[2], port = own_port(listener);
    CHECK(pipe2(ends, O_CLOEXEC));
    pid_t pid = fork_peer();
    if (pid == 0) {
        handled = ends[1];
        by_signals(story, port, flags, other_flags);
        _exit(0);
    }
    close(ends[1]);
    if (flags & SA_RESTART) {
        wait_byte(ends[0]);
        wait_byte(ends[0]);
        close(CHECK(accept(listener, NULL, NULL)));
    }
    ended(pid);
    close(ends[0]);
}

/* A place becomes free while a client waits behind others. */
static void there_is_room(int listener) {
    int port = own_port(listener);
    pid_t pid = fork_peer();
    if (pid == 0) {
        ends("a server that accepts in time", stream(), port, 0);
        _exit(0);
    }
    close(CHECK(accept(listener, NULL, NULL)));
    ended(pid);
}

/* The listener's port can be given: a control file may lead to it. */
int main(int count, char **words) {
    probe_start();
    int listener = bound("127.0.0.1", count > 1 ? atoi(words[1]) : 0, SOCK_STREAM | SOCK_CLOEXEC);
    int port = own_port(listener);
    CHECK(listen(listener, 0));
    fill(port);
    by_limit(port);
    by_user_timeout(port);
    interrupted("a handler without SA_RESTART", listener, 0, 0);
    interrupted("a handler without SA_RESTART beside one with", listener, 0, SA_RESTART);
    interrupted("a handler with SA_RESTART", listener, SA_RESTART, SA_RESTART);
    interrupted("a handler with SA_RESTART beside one without", listener, SA_RESTART, 0);
    there_is_room(listener);
    return 0;
}
