/* A blocking connect to a listener whose backlog is full: how it ends, and that it does not end before TCP's does. */
#include "probe.h"

#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

#define FILL_MOST 19000
#define FULL_MS 300
#define STORIES 11
/* The bounds above are wide: the machine may be busy. Those below are what is promised. */
#define LATE_MS 6000

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
        if (connect_to(fd, "127.0.0.1", port) < 0 && errno != EINPROGRESS)
            return;
        if (ready(fd, POLLOUT, FULL_MS) == 0 || get_option(fd, SOL_SOCKET, SO_ERROR) != 0)
            return;
    }
    die("the backlog has no end");
}

static void nothing(int number) {
    (void)number;
}

static void on(int number, int flags) {
    struct sigaction action = {.sa_handler = nothing, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL));
}

/* How a connect ends, and whether it took as long as it should. */
static void ends(const char *story, int fd, int port, long least) {
    long begun = milliseconds();
    int result = connect_to(fd, "127.0.0.1", port), error = errno;
    long took = milliseconds() - begun;
    fact(story, "%s", result == 0 ? "connected" : errno_name(error));
    fact(story, "after as long as it should: %s", took >= least && took <= least + LATE_MS ? "yes" : "no");
    if (took < least || took > least + LATE_MS)
        dprintf(STDERR_FILENO, "%s: %ld ms\n", story, took);
}

static int prepared(int option, int value) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (option != 0)
        CHECK(set_option(fd, IPPROTO_TCP, option, value));
    return fd;
}

static void limit_send(int fd, int ms) {
    struct timeval time = {ms / 1000, ms % 1000 * 1000};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time));
}

static void by_signals(const char *story, int port, int flags, int other_flags, bool ends_it) {
    struct itimerval soon = {.it_interval = {0, 200000}, .it_value = {0, 200000}};
    int fd = prepared(TCP_SYNCNT, 1);
    on(SIGVTALRM, other_flags);
    on(SIGALRM, flags);
    CHECK(setitimer(ITIMER_REAL, &soon, NULL));
    ends(story, fd, port, ends_it ? 150 : 2900);
}

static void one(int number, int port, int open_port) {
    switch (number) {
    case 0:
        ends("TCP_SYNCNT 1", prepared(TCP_SYNCNT, 1), port, 2900);
        break;
    case 1:
        ends("TCP_USER_TIMEOUT 500 ms", prepared(TCP_USER_TIMEOUT, 500), port, 950);
        break;
    case 2:
        ends("TCP_USER_TIMEOUT 1500 ms", prepared(TCP_USER_TIMEOUT, 1500), port, 1450);
        break;
    case 3: {
        int fd = prepared(TCP_SYNCNT, 1);
        limit_send(fd, 300);
        ends("SO_SNDTIMEO 300 ms", fd, port, 250);
        int own = own_port(fd);
        ends("SO_SNDTIMEO 300 ms, again", fd, port, 250);
        fact("SO_SNDTIMEO 300 ms, again", "with the same port: %s", own_port(fd) == own ? "yes" : "no");
        break;
    }
    case 4: {
        int fd = prepared(TCP_SYNCNT, 1);
        limit_send(fd, 9000);
        ends("SO_SNDTIMEO of more than TCP_SYNCNT 1 gives", fd, port, 2900);
        break;
    }
    case 5:
        by_signals("a handler with SA_RESTART", port, SA_RESTART, SA_RESTART, false);
        break;
    case 6:
        by_signals("a handler without SA_RESTART", port, 0, 0, true);
        break;
    case 7:
        by_signals("a handler with SA_RESTART beside one without", port, SA_RESTART, 0, false);
        break;
    case 8:
        by_signals("a handler without SA_RESTART beside one with", port, 0, SA_RESTART, true);
        break;
    case 9: {
        struct timeval time = {1, 1};
        socklen_t length = sizeof time;
        connected("127.0.0.1", open_port);
        int fd = prepared(TCP_SYNCNT, 1);
        ends("after a connect that was local", fd, port, 2900);
        int open = connected("127.0.0.1", open_port);
        CHECK(getsockopt(open, SOL_SOCKET, SO_SNDTIMEO, &time, &length));
        fact("after a connect that was local", "a connection has no limit left: %ld.%06ld", (long)time.tv_sec,
             (long)time.tv_usec);
        break;
    }
    case 10:
        ends("the system's own limit", prepared(0, 0), port, 2900);
        break;
    default:
        die("no such story");
    }
}

/* A place becomes free while a client waits behind others. */
static void there_is_room(int port, int listener, int waiting) {
    pid_t pid = fork_peer();
    if (pid == 0) {
        ends("a server that accepts in time", prepared(0, 0), port, 0);
        _exit(0);
    }
    for (int i = 0; i < waiting; i++)
        CHECK(accept(listener, NULL, NULL));
    CHECK(accept(listener, NULL, NULL));
    ended(pid);
}

/* For sockets that set nothing, where the network namespace is the probe's own. */
static bool limit_all(const char *retries) {
    int setting = open("/proc/sys/net/ipv4/tcp_syn_retries", O_WRONLY | O_CLOEXEC);
    bool limited = setting >= 0 && write(setting, retries, strlen(retries)) > 0;
    close(setting);
    return limited;
}

/* The listener's port can be given: a control file may lead to it. */
int main(int count, char **words) {
    pid_t children[STORIES];
    probe_start();
    int open = listening("127.0.0.1", 0), chosen = count > 1 ? atoi(words[1]) : 0;
    int listener = bound("127.0.0.1", chosen, SOCK_STREAM | SOCK_CLOEXEC);
    int port = own_port(listener);
    CHECK(listen(listener, 0));
    fill(port);
    bool limited = limit_all("1");
    int stories = limited ? STORIES : STORIES - 1;
    for (int i = 0; i < stories; i++) {
        children[i] = fork_peer();
        if (children[i] == 0) {
            one(i, port, own_port(open));
            _exit(0);
        }
    }
    for (int i = 0; i < stories; i++)
        ended(children[i]);
    limit_all("6");
    /* Over TCP, one that is connected; the one that was not has given up by now, if it was limited. */
    there_is_room(port, listener, limited ? 1 : 2);
    return 0;
}
