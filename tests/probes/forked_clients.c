/*
 * Children of one process send their first datagrams at once, to two addresses: each gets a port, whoever else looks
 * for one just now. A parent and its children look at the same ports in the same order.
 */
#include "probe.h"

#define CHILDREN 6
#define SOCKETS 12
#define ROUNDS 6

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

static void empty(int fd) {
    char byte;
    while (recv(fd, &byte, 1, MSG_DONTWAIT) >= 0)
        continue;
}

int main(void) {
    int failed = 0;
    probe_start();
    for (int i = 0; i < 2; i++) {
        targets[i] = bound(i == 0 ? "127.0.0.1" : "127.0.0.2", 0, SOCK_DGRAM);
        asked[i] = name_of(targets[i]);
    }
    send_first(1); /* the parent knows where it goes on looking */
    for (int round = 0; round < ROUNDS; round++) {
        pid_t pids[CHILDREN];
        int start[2];
        CHECK(pipe2(start, O_CLOEXEC));
        for (int i = 0; i < CHILDREN; i++) {
            pids[i] = fork_peer();
            if (pids[i] == 0) {
                close(start[1]);
                be_child(i, start[0]);
            }
        }
        close(start[0]);
        close(start[1]);
        for (int i = 0; i < CHILDREN; i++)
            failed += ended(pids[i]) != 0;
        empty(targets[0]);
        empty(targets[1]);
    }
    fact("children that could not send", "%d", failed);
    return 0;
}
