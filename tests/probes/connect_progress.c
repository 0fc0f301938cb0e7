/* Non-blocking connect: EINPROGRESS, then the event, then 0, then EISCONN; made non-blocking in each possible way. */
#include "probe.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>

enum { BY_SOCKET, BY_FCNTL, BY_IOCTL, BY_DUPLICATE, WAYS };
static const char *const ways[WAYS] = {"SOCK_NONBLOCK", "F_SETFL", "FIONBIO", "F_SETFL of a duplicate"};

static int made(int way) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | (way == BY_SOCKET ? SOCK_NONBLOCK : 0), 0)), on = 1;
    if (way == BY_FCNTL)
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    if (way == BY_IOCTL)
        CHECK(ioctl(fd, FIONBIO, &on));
    if (way == BY_DUPLICATE) {
        int copy = CHECK(dup(fd));
        CHECK(fcntl(copy, F_SETFL, O_NONBLOCK));
        CHECK(close(copy));
    }
    return fd;
}

static void connect_thrice(const char *way, int fd, int port) {
    char text[80];
    for (int i = 1; i <= 3; i++) {
        snprintf(text, sizeof text, "%s: connect %d", way, i);
        fact_call(text, connect_to(fd, "127.0.0.1", port));
        if (i == 1 && ready(fd, POLLOUT, 5000) != POLLOUT)
            die("not writable");
    }
    snprintf(text, sizeof text, "%s: SO_ERROR", way);
    fact(text, "%d", get_option(fd, SOL_SOCKET, SO_ERROR));
}

static void blocking_again(int port) {
    int fd = made(BY_SOCKET);
    CHECK(fcntl(fd, F_SETFL, 0));
    fact_call("blocking again: connect", connect_to(fd, "127.0.0.1", port));
    fact_call("blocking again: connect 2", connect_to(fd, "127.0.0.1", port));
    close(fd);
}

/* The end of one side tells that it is connected (inet_shutdown, net/ipv4/af_inet.c). */
static void shut_before_told(int port) {
    for (int how = SHUT_RD; how <= SHUT_RDWR; how++) {
        char text[80];
        int fd = made(BY_SOCKET);
        connect_to(fd, "127.0.0.1", port);
        if (ready(fd, POLLOUT, 5000) != POLLOUT)
            die("not writable");
        CHECK(shutdown(fd, how));
        snprintf(text, sizeof text, "shutdown %d: connect 2", how);
        fact_call(text, connect_to(fd, "127.0.0.1", port));
        close(fd);
    }
}

static int event_of(int set, int milliseconds) {
    struct epoll_event event = {0};
    return CHECK(epoll_wait(set, &event, 1, milliseconds)) == 0 ? 0 : (int)event.events;
}

/* Edge-triggered, and the edge of the unconnected socket is seen before. */
static void by_edge(int way, int port) {
    char text[80];
    int fd = made(way), set = CHECK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLOUT | EPOLLET};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    snprintf(text, sizeof text, "%s, edge: before", ways[way]);
    fact(text, "%#x", event_of(set, 0));
    snprintf(text, sizeof text, "%s, edge: connect", ways[way]);
    fact_call(text, connect_to(fd, "127.0.0.1", port));
    snprintf(text, sizeof text, "%s, edge: after", ways[way]);
    fact(text, "%#x", event_of(set, 5000));
    close(set);
    close(fd);
}

int main(void) {
    probe_start();
    int server = listening("127.0.0.1", 0), port = own_port(server);
    for (int round = 0; round < 2; round++) {
        for (int way = 0; way < WAYS; way++) {
            int fd = made(way);
            connect_thrice(ways[way], fd, port);
            close(fd);
            by_edge(way, port);
        }
        blocking_again(port);
        shut_before_told(port);
    }
}
