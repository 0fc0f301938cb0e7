/*
 * Calls epoll_wait with time-out 0 on several sets. The maximum of events identifies each call for the tracer.
 * Arguments: none; or the number of a set, after exec.
 */
#define _GNU_SOURCE
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void look(int set, int which) {
    struct epoll_event events[16];
    if (epoll_wait(set, events, which, 0) < 0)
        exit(1);
}

static void add(int set, int fd) {
    struct epoll_event event = {.events = EPOLLIN};
    if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &event) < 0)
        exit(2);
}

/* Connected only after it is in the set, so that another socket takes its place there. */
static void connect_in(int set, int listener) {
    struct sockaddr_in at;
    socklen_t length = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    add(set, fd);
    if (getsockname(listener, (struct sockaddr *)&at, &length) < 0 || connect(fd, (struct sockaddr *)&at, length) < 0)
        exit(3);
}

int main(int count, char **arguments) {
    int ends[2], listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (count > 1) {
        look(atoi(arguments[1]), 9);
        return 0;
    }
    if (pipe(ends) < 0 || bind(listener, (struct sockaddr *)&any, sizeof any) < 0 || listen(listener, 9) < 0)
        return 4;
    int set = epoll_create1(0), other = epoll_create1(0), same = dup(other);
    add(set, ends[0]);
    add(other, ends[0]);
    look(set, 1);
    look(same, 2);
    add(other, listener);
    look(set, 3);
    look(same, 4);
    connect_in(set, listener);
    look(set, 5);
    close(same);
    close(set);
    set = epoll_create1(0);
    add(set, ends[0]);
    look(set, 6);
    pid_t child = fork();
    if (child == 0) {
        look(set, 7);
        add(set, listener);
        look(set, 8);
        char number[16];
        snprintf(number, sizeof number, "%d", set);
        execl("/proc/self/exe", arguments[0], number, (char *)NULL);
    }
    int status;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 5;
}
