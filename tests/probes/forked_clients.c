/*
 * The children of one process search for free ports, each from a start of its own. With few ports left, each child
 * still gets one: for its first datagrams, at once and to two addresses, and to connect from any port of an address.
 */
#include "probe.h"

#define CHILDREN 6
#define SOCKETS 12
#define ROUNDS 6
#define RANGE "40000\t40063\n"
#define HELD 20

static address served;

/* Of a child that has a connection, until `held` is closed. */
static int port_of_child(int *held) {
    int told[2], port = 0, keeps[2];
    CHECK(pipe2(told, O_CLOEXEC));
    CHECK(pipe2(keeps, O_CLOEXEC));
    if (fork_peer() == 0) {
        close(keeps[1]);
        int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        CHECK(connect(fd, &served.any, served.length));
        port = own_port(fd);
        CHECK(write(told[1], &port, sizeof port));
        _exit((int)read(keeps[0], &port, 1));
    }
    close(told[1]);
    close(keeps[0]);
    CHECK(read(told[0], &port, sizeof port));
    close(told[0]);
    *held = keeps[1];
    return port;
}

/* In a row, each has found all of its elder brothers' ports taken. */
static void streams_begin(void) {
    int held[HELD], last = 0, next = 0;
    for (int i = 0; i < HELD; i++) {
        int port = port_of_child(&held[i]);
        next += port == last + 1;
        last = port;
    }
    fact_yes("children begin elsewhere", next < HELD / 2);
    for (int i = 0; i < HELD; i++)
        close(held[i]);
}

static void streams_from_an_address(void) {
    int held[HELD], fds[HELD], failed = 0;
    for (int i = 0; i < HELD; i++)
        port_of_child(&held[i]);
    for (int i = 0; i < HELD; i++) {
        address any = ip("127.0.0.1", 0);
        fds[i] = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        CHECK(bind(fds[i], &any.any, any.length));
        failed += connect(fds[i], &served.any, served.length) != 0;
    }
    fact("bound to any port, not connected", "%d", failed);
    for (int i = 0; i < HELD; i++) {
        close(held[i]);
        close(fds[i]);
    }
}

static int targets[2];
static address asked[2];

static void send_first(int which) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(fd, "x", 1, 0, &asked[which].any, asked[which].length));
    close(fd);
}

static _Noreturn void be_child(int self, int start) {
    char byte;
    CHECK(read(start, &byte, 1));
    for (int i = 0; i < SOCKETS; i++)
        send_first((self + i) % 2);
    _exit(0);
}

/* Takes what the children send, so that none waits for room, until all have closed their end of the pipe. */
static void take_until_closed(int pipe_end) {
    struct pollfd polled[] = {{targets[0], POLLIN, 0}, {targets[1], POLLIN, 0}, {pipe_end, POLLIN, 0}};
    char byte;
    do {
        CHECK(poll(polled, 3, -1));
        for (int i = 0; i < 2; i++)
            while (recv(targets[i], &byte, 1, MSG_DONTWAIT) >= 0)
                continue;
    } while (polled[2].revents == 0);
}

int main(void) {
    int failed = 0;
    probe_start();
    int range = CHECK(open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY));
    CHECK(write(range, RANGE, sizeof RANGE - 1));
    close(range);
    served = name_of(listening("127.0.0.1", 0)); /* and the parent knows where it goes on looking */
    streams_begin();
    streams_from_an_address();
    for (int i = 0; i < 2; i++) {
        targets[i] = bound(i == 0 ? "127.0.0.1" : "127.0.0.2", 0, SOCK_DGRAM);
        asked[i] = name_of(targets[i]);
    }
    send_first(1);
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pids[CHILDREN];
        int start[2], alive[2];
        CHECK(pipe2(start, O_CLOEXEC));
        CHECK(pipe2(alive, O_CLOEXEC));
        for (int i = 0; i < CHILDREN; i++) {
            pids[i] = fork_peer();
            if (pids[i] == 0) {
                close(start[1]);
                be_child(i, start[0]);
            }
        }
        close(start[0]);
        close(start[1]);
        close(alive[1]);
        take_until_closed(alive[0]);
        close(alive[0]);
        for (int i = 0; i < CHILDREN; i++)
            failed += ended(pids[i]) != 0;
    }
    fact("children that could not send", "%d", failed);
    return 0;
}
