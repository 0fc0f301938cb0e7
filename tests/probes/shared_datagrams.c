/* A UDP socket that was made before a fork, by a program that has used others, is one socket for parent and child. */
#include "probe.h"

static int fresh(void) {
    return CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static void ask(int fd, int port) {
    address to = ip("127.0.0.1", port);
    CHECK(sendto(fd, "ask", 3, 0, &to.any, to.length));
}

/* Returns the port of who has asked. */
static int answer(int server) {
    char bytes[8];
    address from = unwritten();
    CHECK(recvfrom(server, bytes, sizeof bytes, 0, &from.any, &from.length));
    CHECK(sendto(server, "answer", 6, 0, &from.any, from.length));
    return port_of(&from);
}

static void asked_by_child(int server, const char *how, bool child_closes_last) {
    char bytes[8], text[80];
    int fd = fresh(), done[2];
    CHECK(pipe(done));
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(done[1]);
        ask(fd, own_port(server));
        if (child_closes_last)
            wait_byte(done[0]);
        close(fd);
        _exit(0);
    }
    close(done[0]);
    int port = answer(server);
    snprintf(text, sizeof text, "%s: its parent knows the port", how);
    fact_yes(text, own_port(fd) == port);
    snprintf(text, sizeof text, "%s: and has the answer", how);
    fact_number(text, recv(fd, bytes, sizeof bytes, 0));
    close(fd);
    close(done[1]);
    ended(pid);
}

int main(void) {
    probe_start();
    int server = bound("127.0.0.1", 0, SOCK_DGRAM);
    for (int i = 0; i < 10; i++) {
        int fd = fresh();
        ask(fd, own_port(server));
        answer(server);
        close(fd);
    }
    asked_by_child(server, "a child asks", false);
    asked_by_child(server, "a child asks, and has it longer", true);
    return 0;
}
