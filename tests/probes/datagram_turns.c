/*
 * Many blocking senders to one receiver that reads slowly: all wait for their turn, in each call, and nothing is lost.
 * All together they wait much longer than the library waits for a receiver that does not read.
 */
#include "probe.h"

#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#define SENDERS 24
#define EACH 3

static address to;

static long send_one(int way, int fd, bool connected) {
    static char text[] = "x";
    struct iovec part = {text, 1};
    struct mmsghdr several = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1}};
    if (!connected) {
        several.msg_hdr.msg_name = &to.any;
        several.msg_hdr.msg_namelen = to.length;
    }
    switch (way) {
    case 0:
        return sendto(fd, text, 1, 0, several.msg_hdr.msg_name, several.msg_hdr.msg_namelen);
    case 1:
        return sendmsg(fd, &several.msg_hdr, 0);
    case 2:
        return sendmmsg(fd, &several, 1, 0);
    case 3:
        return send(fd, text, 1, 0);
    case 4:
        return write(fd, text, 1);
    default:
        return writev(fd, &part, 1);
    }
}

/* Returns how many were not taken whole. */
static int be_sender(int way, bool connected) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), wrong = 0;
    if (connected)
        CHECK(connect(fd, &to.any, to.length));
    for (int i = 0; i < EACH; i++)
        wrong += send_one(way, fd, connected) != 1;
    return wrong;
}

static void one(const char *story, bool connected, int ways, int first) {
    static const struct timespec slowly = {0, 10000000};
    int receiver = bound("127.0.0.1", 0, SOCK_DGRAM), wrong = 0, received = 0, status;
    char byte;
    address from = unwritten();
    to = name_of(receiver);
    for (int i = 0; i < SENDERS; i++)
        if (CHECK(fork()) == 0)
            _exit(be_sender(first + i % ways, connected));
    while (received < SENDERS * EACH && ready(receiver, POLLIN, 10000) != 0) {
        from = unwritten();
        received += recvfrom(receiver, &byte, 1, 0, &from.any, &from.length) == 1;
        nanosleep(&slowly, NULL);
    }
    for (int i = 0; i < SENDERS; i++) {
        CHECK(wait(&status));
        wrong += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
    }
    fact(story, "%d sent, %d not taken", received, wrong);
    close(receiver);
}

int main(int count, char **arguments) {
    bool all = count < 2 || strcmp(arguments[1], "by messages") != 0;
    probe_start();
    one("by address", false, 3, 0);
    one("connected", true, all ? 6 : 2, all ? 0 : 1);
    return 0;
}
