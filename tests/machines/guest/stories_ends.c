/* How connections end. */
#include "stories.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char much[MUCH];

static void pause_ms(int ms) {
    usleep((useconds_t)ms * 1000);
}

static void send_much(int fd) {
    fact("sent %zu", put(fd, much, sizeof(much)));
    close(fd);
}

static void read_to_end(int fd) {
    fact_end(fd);
    close(fd);
}

static void close_at_once(int fd) {
    close(fd);
}

static void read_again(int fd) {
    char byte;
    fact_end(fd);
    ssize_t n = recv(fd, &byte, 1, MSG_DONTWAIT);
    fact("once more: %s", n == 0 ? "the end" : strerrorname_np(errno));
    close(fd);
}

/* socat, ssh, git: a question, the end of it, and then the answer. */
static void half_close_and_read(int fd) {
    put_line(fd, "question");
    fact_error("shutdown", shutdown(fd, SHUT_WR));
    fact_end(fd);
    close(fd);
}

static void read_to_end_and_answer(int fd) {
    fact_end(fd);
    put_line(fd, "answer");
    close(fd);
}

static void read_line_and_answer(int fd) {
    char line[64];
    get_line(fd, line, sizeof(line));
    put_line(fd, "answer");
    close(fd);
}

static void half_close_by_server(int fd) {
    put_line(fd, "greeting");
    fact_error("shutdown", shutdown(fd, SHUT_WR));
    fact_end(fd);
    close(fd);
}

static void write_after_half_close(int fd) {
    char byte;
    put_line(fd, "question");
    shutdown(fd, SHUT_WR);
    fact_error("write", send(fd, "x", 1, 0));
    fact("signals %d", pipe_signals);
    fact("read %zd", comes(fd) ? read(fd, &byte, 1) : -1);
    close(fd);
}

static void close_with_unread(int fd) {
    put_line(fd, "nobody reads this");
    fact("%s", comes(fd) ? "there is something" : "silence");
    close(fd);
}

static void send_and_read_end(int fd) {
    put_line(fd, "unread");
    char line[64];
    get_line(fd, line, sizeof(line));
    fact_end(fd);
    close(fd);
}

static void abort_it(int fd) {
    struct linger now = {1, 0};
    pause_ms(100);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(fd);
}

static void poll_and_read(int fd) {
    fact_events("poll", polled(fd, POLLIN | POLLRDHUP, patience_ms));
    read_to_end(fd);
}

static void poll_for_end(int fd) {
    fact_events("poll", polled(fd, POLLIN | POLLRDHUP, patience_ms));
    close(fd);
}

/* As a connect that does not wait, to a server that has answered and gone, is waited for. */
static void poll_for_writing(int fd) {
    comes(fd);
    fact_events("poll", polled(fd, POLLOUT, patience_ms));
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLOUT};
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    int n = epoll_wait(set, &event, 1, patience_ms);
    fact_events("epoll", n > 0 ? (int)event.events : 0);
    close(set);
    close(fd);
}

static void epoll_for_end(int fd) {
    int set = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
    int n = epoll_wait(set, &event, 1, patience_ms);
    fact_events("epoll", n > 0 ? (int)event.events : 0);
    close(set);
    close(fd);
}

static void poll_after_both(int fd) {
    fact_end(fd);
    fact_error("shutdown", shutdown(fd, SHUT_WR));
    pause_ms(200);
    fact_events("poll", polled(fd, POLLIN | POLLRDHUP, 0));
    close(fd);
}

static void write_twice(int fd) {
    comes(fd);
    fact_error("first", write(fd, "x", 1));
    pause_ms(300);
    fact_error("second", write(fd, "x", 1));
    fact("signals %d", pipe_signals);
    close(fd);
}

static void write_without_signal(int fd) {
    comes(fd);
    send(fd, "x", 1, MSG_NOSIGNAL);
    pause_ms(300);
    fact_error("second", send(fd, "x", 1, MSG_NOSIGNAL));
    fact("signals %d", pipe_signals);
    close(fd);
}

static void shut_both(int fd) {
    char byte;
    fact_error("shutdown", shutdown(fd, SHUT_RDWR));
    fact("read %zd", comes(fd) ? read(fd, &byte, 1) : -1);
    fact_error("write", send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
}

static void shut_reading(int fd) {
    char byte;
    fact_error("shutdown", shutdown(fd, SHUT_RD));
    fact("read %zd", comes(fd) ? read(fd, &byte, 1) : -1);
    put_line(fd, "still writing");
    close(fd);
}

/* The parent goes on when the child, which has the connection, has been killed. */
static void be_killed(int fd, void (*doing)(int)) {
    pid_t child = fork();
    if (child == 0) {
        doing(fd);
        for (;;)
            pause();
    }
    close(fd);
    pause_ms(700);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void say_killed(int fd) {
    put_line(fd, "killed");
}

static void write_for_ever(int fd) {
    while (write(fd, much, sizeof(much)) > 0)
        ;
}

static void killed_client(int fd) {
    be_killed(fd, say_killed);
}

static void killed_writer(int fd) {
    be_killed(fd, write_for_ever);
}

static void read_end_late(int fd) {
    size_t sum = 0;
    ssize_t n = -1;
    pause_ms(1500);
    errno = 0;
    while (comes(fd) && (n = read(fd, much, sizeof(much))) > 0) {
        sum += (size_t)n;
        n = -1;
        errno = 0;
    }
    fact("%s, then %s", sum > 0 ? "much" : "nothing", n == 0 ? "the end" : errno ? strerrorname_np(errno) : "silence");
    close(fd);
}

/* A writer that waits wakes when its peer goes. */
static void write_until_end(int fd) {
    ssize_t n;
    while ((n = send(fd, much, sizeof(much), MSG_NOSIGNAL)) > 0)
        ;
    fact_error("write", n);
    close(fd);
}

static void wait_and_close(int fd) {
    pause_ms(500);
    close(fd);
}

static void close_in_child(int fd) {
    pid_t child = fork();
    if (child == 0) {
        put_line(fd, "from the child");
        _exit(0);
    }
    close(fd);
    waitpid(child, NULL, 0);
}

const struct story stories_of_ends[] = {
    {"data, then close", read_to_end, send_much},
    {"close at once", read_again, close_at_once},
    {"half-close, answer at the end", half_close_and_read, read_to_end_and_answer},
    {"half-close, answer by line", half_close_and_read, read_line_and_answer},
    {"half-close by the server", read_to_end_and_answer, half_close_by_server},
    {"write after half-close", write_after_half_close, read_to_end},
    {"close with unread data", close_with_unread, send_and_read_end},
    {"client aborts", abort_it, read_to_end},
    {"server aborts", poll_and_read, abort_it},
    {"poll at the end", poll_for_end, close_at_once},
    {"epoll at the end", epoll_for_end, close_at_once},
    {"poll for writing at the end", poll_for_writing, close_at_once},
    {"poll, both sides shut", poll_after_both, close_at_once},
    {"writes after the peer's close", write_twice, close_at_once},
    {"the same with MSG_NOSIGNAL", write_without_signal, close_at_once},
    {"shutdown of both sides", shut_both, read_to_end},
    {"shutdown of reading", shut_reading, read_to_end},
    {"killed client", killed_client, read_to_end},
    {"killed client in a write", killed_writer, read_end_late},
    {"peer of a blocked writer goes", wait_and_close, write_until_end},
    {"server that forks", read_to_end, close_in_child},
    {NULL, NULL, NULL},
};
