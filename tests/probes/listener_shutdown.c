/*
 * shutdown of a listener, by which a server ends its own loops, threads and children: the results of accept, poll,
 * select and epoll after it, in this process and in another one with the same listener.
 */
#include "../support/past_libc.h"

#include "epoll.h"

#include <poll.h>
#include <pthread.h>
#include <sys/select.h>

static const char *const hows[] = {"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};

static void say_accept(const char *story, const char *what, int fd) {
    int got = accept(fd, NULL, NULL);
    fact(story, "%s: %s", what, got < 0 ? errno_name(errno) : "a connection");
    if (got >= 0)
        close(got);
}

static void say_poll(const char *story, const char *what, int fd) {
    fact(story, "%s: poll for in 0x%x, for all 0x%x", what, ready(fd, POLLIN, 0),
         ready(fd, POLLIN | POLLOUT | POLLRDHUP, 0));
    fd_set in, out;
    FD_ZERO(&in);
    FD_SET(fd, &in);
    out = in;
    struct timeval none_left = {0};
    int count = CHECK(select(fd + 1, &in, &out, NULL, &none_left));
    fact(story, "%s: select %d, in %d, out %d", what, count, FD_ISSET(fd, &in) != 0, FD_ISSET(fd, &out) != 0);
}

static int begin(const char *host, bool nonblocking) {
    int fd = listening(host, 0);
    if (nonblocking)
        set_nonblocking(fd);
    return fd;
}

/* Prints the state of the socket and a duplicate, and which calls still work. */
static void alone(const char *host, int how, bool nonblocking) {
    char story[80];
    snprintf(story, sizeof story, "%s, %s, %s", host, hows[how], nonblocking ? "nonblocking" : "blocking");
    int fd = begin(host, nonblocking), copy = CHECK(dup(fd));
    fact(story, "shutdown: %s", shutdown(fd, how) == 0 ? "ok" : errno_name(errno));
    fact(story, "listens: %d", get_option(fd, SOL_SOCKET, SO_ACCEPTCONN));
    if (how == SHUT_WR && !nonblocking) {
        close(copy);
        close(fd);
        return;
    }
    say_accept(story, "accept", fd);
    say_accept(story, "accept by the duplicate", copy);
    if (how != SHUT_WR) {
        say_poll(story, "the socket", fd);
        say_poll(story, "the duplicate", copy);
    }
    fact(story, "is nonblocking: %s", fcntl(copy, F_GETFL) & O_NONBLOCK ? "yes" : "no");
    fact(story, "error: %s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    fact(story, "once more: %s", shutdown(copy, how) == 0 ? "ok" : errno_name(errno));
    fact(story, "listen again: %s", listen(copy, 8) == 0 ? "ok" : errno_name(errno));
    int client = connected(host, own_port(fd));
    fact(story, "a client: 0x%x", ready(fd, POLLIN, 5000));
    say_accept(story, "accept then", fd);
    close(client);
    close(copy);
    close(fd);
}

/* Registered by the socket and by its duplicate, in sets of their own. */
static void registered(int how, uint32_t events, const char *as) {
    char story[80];
    snprintf(story, sizeof story, "%s, registered for %s", hows[how], as);
    int fd = begin("127.0.0.1", true), copy = CHECK(dup(fd)), set = new_set(), other = new_set();
    add(set, fd, events, 1);
    add(other, copy, events, 2);
    show_quiet(story, set);
    CHECK(shutdown(fd, how));
    show_quiet(story, set);
    show_quiet(story, other);
    show_quiet(story, set);
    say_accept(story, "accept", copy);
    close(copy);
    close(fd);
    close(set);
    close(other);
}

static int waited_for;
static int started[2];

static void *accepts(void *story) {
    send_byte(started[1]);
    say_accept(story, "accept in a thread", waited_for);
    return NULL;
}

static void *polls(void *story) {
    send_byte(started[1]);
    fact(story, "poll in a thread: 0x%x", ready(waited_for, POLLIN, 5000));
    return NULL;
}

static void *waits_in_epoll(void *story) {
    int set = new_set();
    add(set, waited_for, EPOLLIN, 3);
    send_byte(started[1]);
    show_within(story, set, 5000);
    close(set);
    return NULL;
}

static void waiting(const char *what, void *(*waits)(void *), int how) {
    char story[80];
    pthread_t thread;
    snprintf(story, sizeof story, "%s, %s", hows[how], what);
    waited_for = begin("127.0.0.1", waits != accepts);
    CHECK(pipe(started));
    CHECK(pthread_create(&thread, NULL, waits, story));
    wait_byte(started[0]);
    usleep(50000); /* so that it waits, most probably; it hears the same if not */
    CHECK(shutdown(waited_for, how));
    pthread_join(thread, NULL);
    close(started[0]);
    close(started[1]);
    close(waited_for);
}

/* Another process has it, and its loop must end. It asks as loops do: for an event, then for a connection. */
static void in_a_child(int how, bool nonblocking) {
    char story[80];
    int told[2];
    snprintf(story, sizeof story, "%s, a child, %s", hows[how], nonblocking ? "nonblocking" : "blocking");
    int fd = begin("127.0.0.1", nonblocking);
    CHECK(pipe(told));
    pid_t child = fork_peer();
    if (child == 0) {
        wait_byte(told[0]);
        fact(story, "poll: %s", ready(fd, POLLIN, 5000) & POLLHUP ? "a hang-up" : "none");
        say_accept(story, "accept", fd);
        _exit(0);
    }
    CHECK(shutdown(fd, how));
    send_byte(told[1]);
    fact(story, "the child ends with %d", ended(child));
    close(told[0]);
    close(told[1]);
    close(fd);
}

/* Children wait in loops of their own, as workers do, and each has to hear of it: by level or by edge. */
static void children_loop(int how) {
    pid_t children[4];
    int fd = begin("127.0.0.1", true), worse = 0;
    for (unsigned i = 0; i < sizeof children / sizeof children[0]; i++) {
        children[i] = fork_peer();
        if (children[i] != 0)
            continue;
        int set = new_set(), turns = 0;
        struct epoll_event event;
        add(set, fd, EPOLLIN | (i % 2 ? EPOLLET : 0), 1);
        while (turns++ < 50 && epoll_wait(set, &event, 1, 5000) == 1)
            if (accept(fd, NULL, NULL) < 0 && errno != EAGAIN)
                _exit(errno == EINVAL ? 0 : 1);
        _exit(2);
    }
    usleep(50000);
    CHECK(shutdown(fd, how));
    for (unsigned i = 0; i < sizeof children / sizeof children[0]; i++) {
        int status = ended(children[i]);
        worse = status > worse ? status : worse;
    }
    fact(hows[how], "children in loops end with %d", worse);
    close(fd);
}

/* A listener's number that has become a pipe's, past libc: the pipe hangs up as ever, and has a byte. */
static void becomes_a_pipe(bool shut_first) {
    int ends[2], fd = begin("127.0.0.1", true);
    if (shut_first)
        CHECK(shutdown(fd, SHUT_RDWR));
    CHECK(pipe(ends));
    send_byte(ends[1]);
    CHECK(PAST_LIBC_PAD(SYS_dup3, ends[0], fd, 0, 0, 0, 0, 0, 0, 0));
    close(ends[1]);
    fact(shut_first ? "shut down, and a pipe" : "a pipe", "0x%x", ready(fd, POLLIN, 0));
    close(fd);
    close(ends[0]);
}

int main(void) {
    probe_start();
    becomes_a_pipe(false);
    becomes_a_pipe(true);
    for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
        alone("127.0.0.1", how, false);
        alone("127.0.0.1", how, true);
        alone("::", how, true);
    }
    for (int how = SHUT_RD; how <= SHUT_RDWR; how += SHUT_RDWR) {
        registered(how, EPOLLIN, "in");
        registered(how, EPOLLIN | EPOLLOUT | EPOLLRDHUP, "all");
        registered(how, EPOLLIN | EPOLLET, "in, by edge");
        registered(how, EPOLLIN | EPOLLONESHOT, "in, once");
        waiting("accept", accepts, how);
        waiting("poll", polls, how);
        waiting("epoll", waits_in_epoll, how);
        in_a_child(how, false);
        in_a_child(how, true);
        for (int round = 0; round < 10; round++)
            children_loop(how);
    }
    return 0;
}
