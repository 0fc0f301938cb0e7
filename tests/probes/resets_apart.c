/* Resets by another process: what poll, epoll, reads and writes report to the peer of a close with SO_LINGER 0. */
#include "probe.h"

#include <sys/epoll.h>

#define PEER_CLIENT 0
#define PEER_SERVER 1
#define TIMES 5

static int fd;      /* this process's end */
static int told[2]; /* the other process writes a byte here when it has ended its side */
static int begin;   /* this process writes a byte here when the other one is to end its side, and when it may go */
static pid_t other;
static int listener;

static void linger(int of, int on, int seconds) {
    struct linger value = {on, seconds};
    CHECK(setsockopt(of, SOL_SOCKET, SO_LINGER, &value, sizeof value));
}

/* Connects this process with another one, which calls `end` with its side, and stays until this process has looked. */
static void join(int peer, void (*end)(int)) {
    int go[2];
    CHECK(pipe(told));
    CHECK(pipe(go));
    listener = peer == PEER_CLIENT ? listening("127.0.0.1", 0) : -1;
    int port = listener < 0 ? 0 : own_port(listener), ports[2];
    CHECK(pipe(ports));
    other = fork_peer();
    if (other == 0) {
        int side;
        if (peer == PEER_CLIENT) {
            close(listener);
            side = connected("127.0.0.1", port);
        } else {
            int server = listening("127.0.0.1", 0);
            port = own_port(server);
            CHECK(write(ports[1], &port, sizeof port));
            side = CHECK(accept(server, NULL, NULL));
            close(server);
        }
        wait_byte(go[0]);
        end(side);
        send_byte(told[1]);
        wait_byte(go[0]);
        _exit(0);
    }
    if (peer == PEER_CLIENT) {
        fd = CHECK(accept(listener, NULL, NULL));
    } else {
        CHECK(read(ports[0], &port, sizeof port));
        fd = connected("127.0.0.1", port);
    }
    begin = go[1];
}

/* Waits until the other process has ended its side. */
static void end_other(void) {
    send_byte(begin);
    wait_byte(told[0]);
}

static void leave(void) {
    send_byte(begin);
    close(fd);
    ended(other);
    close(listener);
}

static void reset(int side) {
    linger(side, 1, 0);
    close(side);
}

static void say_and_reset(int side) {
    CHECK(send(side, "abc", 3, 0));
    reset(side);
}

static void disconnect(int side) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    CHECK(connect(side, &none, sizeof none));
}

static void end_orderly(int side) {
    linger(side, 1, 0);
    linger(side, 0, 0);
    close(side);
}

static void linger_long(int side) {
    linger(side, 1, 5);
    close(side);
}

static void urgent_and_close(int side) {
    CHECK(send(side, "x", 1, MSG_OOB));
    close(side);
}

static void close_duplicates(int side) {
    linger(side, 1, 0);
    int copy = CHECK(dup(side));
    close(side);
    CHECK(send(copy, "abc", 3, 0));
    close(copy);
}

static void take_number(int side) {
    linger(side, 1, 0);
    int null = CHECK(open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK(dup2(null, side));
}

/* A child has the side, too, and goes on after this process has closed it. */
static void leave_to_child(int side) {
    int go[2];
    linger(side, 1, 0);
    CHECK(pipe(go));
    pid_t child = fork();
    if (child == 0) {
        wait_byte(go[0]);
        CHECK(send(side, "abc", 3, 0));
        close(side);
        _exit(0);
    }
    close(side);
    send_byte(go[1]);
    ended(child);
}

static const char *named(const char *what, const char *of) {
    static char text[128];
    snprintf(text, sizeof text, "%s: %s", of, what);
    return text;
}

static void fact_ends(const char *of) {
    char data[16];
    address name = unwritten();
    fact_number(named("reads", of), read(fd, data, sizeof data));
    fact_number(named("reads again", of), read(fd, data, sizeof data));
    fact(named("SO_ERROR", of), "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    fact_call(named("getpeername", of), getpeername(fd, &name.any, &name.length));
    fact_number(named("own address still there", of), name_of(fd).any.sa_family);
    fact_number(named("sends", of), send(fd, "x", 1, MSG_NOSIGNAL));
}

static void by_poll(const char *of, int peer, void (*end)(int)) {
    join(peer, end);
    end_other();
    fact(named("poll", of), "0x%x", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    fact_ends(of);
    leave();
}

static void by_epoll(const char *of, uint32_t events, bool waits) {
    join(PEER_SERVER, reset);
    if (!waits)
        end_other();
    struct epoll_event event = {.events = events, .data.u64 = 7};
    int set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    event = (struct epoll_event){0};
    if (waits)
        send_byte(begin);
    fact_number(named("epoll", of), epoll_wait(set, &event, 1, 5000));
    fact(named("events", of), "0x%x of %d", event.events, (int)event.data.u64);
    fact_ends(of);
    close(set);
    leave();
}

/* This process polls before the other one ends its side. */
static void by_waiting_poll(const char *of) {
    join(PEER_SERVER, reset);
    send_byte(begin);
    fact(named("poll", of), "0x%x", ready(fd, POLLIN, 5000));
    fact_ends(of);
    leave();
}

static void by_error(const char *of) {
    join(PEER_CLIENT, reset);
    end_other();
    ready(fd, POLLIN, 5000);
    fact(named("SO_ERROR", of), "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    fact_ends(of);
    leave();
}

static void by_write(const char *of) {
    char data[16];
    join(PEER_CLIENT, reset);
    end_other();
    fact_number(named("sends", of), send(fd, "x", 1, MSG_NOSIGNAL));
    fact_number(named("sends again", of), send(fd, "x", 1, MSG_NOSIGNAL));
    fact_number(named("reads", of), read(fd, data, sizeof data));
    leave();
}

static void after_data(const char *of) {
    char data[16];
    join(PEER_CLIENT, say_and_reset);
    end_other();
    ready(fd, POLLIN, 5000);
    fact_number(named("reads", of), read(fd, data, sizeof data));
    fact(named("then poll", of), "0x%x", ready(fd, POLLIN | POLLRDHUP, 5000));
    fact_number(named("then reads", of), read(fd, data, sizeof data));
    leave();
}

static void inline_urgent(const char *of) {
    join(PEER_CLIENT, reset);
    end_other();
    CHECK(set_option(fd, SOL_SOCKET, SO_OOBINLINE, 1));
    fact(named("poll", of), "0x%x", ready(fd, POLLIN | POLLRDHUP, 5000));
    fact_ends(of);
    leave();
}

/* An urgent byte, and then an orderly close, are no reset. */
static void urgent(const char *of) {
    char byte = 0, data[16];
    join(PEER_CLIENT, urgent_and_close);
    end_other();
    ready(fd, POLLIN | POLLRDHUP, 5000);
    fact_number(named("urgent byte", of), recv(fd, &byte, 1, MSG_OOB));
    fact_number(named("reads", of), read(fd, data, sizeof data));
    leave();
}

int main(void) {
    probe_start();
    by_poll("a client's reset", PEER_CLIENT, reset);
    by_poll("a server's reset", PEER_SERVER, reset);
    by_poll("disconnected", PEER_CLIENT, disconnect);
    by_poll("dup2 over it", PEER_CLIENT, take_number);
    by_poll("no linger", PEER_CLIENT, end_orderly);
    by_poll("a long linger", PEER_CLIENT, linger_long);
    by_epoll("level", EPOLLIN, false);
    by_epoll("edge", EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, false);
    by_epoll("once", EPOLLIN | EPOLLONESHOT, false);
    for (int i = 0; i < TIMES; i++) {
        by_epoll("waiting level", EPOLLIN, true);
        by_epoll("waiting edge", EPOLLIN | EPOLLET, true);
        by_waiting_poll("waiting poll");
    }
    by_error("an asked error");
    by_write("a write");
    after_data("after data");
    join(PEER_CLIENT, close_duplicates);
    end_other();
    char data[16];
    ready(fd, POLLIN, 5000);
    fact_number("duplicates: reads", read(fd, data, sizeof data));
    fact(named("poll", "duplicates, after data"), "0x%x", ready(fd, POLLIN | POLLRDHUP, 5000));
    fact_ends("duplicates");
    leave();
    join(PEER_CLIENT, leave_to_child);
    end_other();
    ready(fd, POLLIN, 5000);
    fact_number("a child: reads", read(fd, data, sizeof data));
    fact(named("poll", "a child"), "0x%x", ready(fd, POLLIN | POLLRDHUP, 5000));
    fact_ends("a child");
    leave();
    inline_urgent("inline");
    urgent("urgent");
    return 0;
}
