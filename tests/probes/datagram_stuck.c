/* A receiver that does not read never blocks its senders for good, and later datagrams arrive whole and in order. */
#include "probe.h"

#include <time.h>

#define SENDS 25

static long milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void flood(const char *story, int flags, bool connect_first, bool by_sendmsg) {
    int receiver = bound("127.0.0.1", 0, SOCK_DGRAM), sender = CHECK(socket(AF_INET, SOCK_DGRAM | flags, 0));
    address to = name_of(receiver);
    if (connect_first)
        CHECK(connect(sender, &to.any, to.length));
    long longest = 0;
    int sent = 0;
    for (int i = 0; i < SENDS; i++) {
        struct iovec part = {&i, sizeof i};
        struct msghdr message = {.msg_name = &to.any, .msg_namelen = to.length, .msg_iov = &part, .msg_iovlen = 1};
        long before = milliseconds();
        sent += (by_sendmsg ? sendmsg(sender, &message, 0) : sendto(sender, &i, sizeof i, 0, &to.any, to.length)) ==
                sizeof i;
        long took = milliseconds() - before;
        if (took > longest)
            longest = took;
    }
    fact(story, "sent: %d", sent);
    /* 100 ms are promised of a machine that is not busy: on another the receiver may only wait for a processor. */
    fact(story, "no send took longer than 5 s: %s", longest <= 5000 ? "yes" : "no");
    int received = 0, last = -1, number;
    bool ordered = true;
    while (recv(receiver, &number, sizeof number, MSG_DONTWAIT) == sizeof number) {
        ordered = ordered && number > last;
        last = number;
        received++;
    }
    fact(story, "some arrived, in order: %s", received > 0 && ordered ? "yes" : "no");
    number = 4711;
    CHECK(sendto(sender, &number, sizeof number, 0, &to.any, to.length));
    fact(story, "then it works again: %s",
         ready(receiver, POLLIN, 2000) != 0 && recv(receiver, &number, sizeof number, 0) == sizeof number &&
                 number == 4711
             ? "yes"
             : "no");
    close(sender);
    close(receiver);
}

int main(void) {
    probe_start();
    flood("unconnected", 0, false, false);
    flood("unconnected, sendmsg", 0, false, true);
    flood("connected", 0, true, false);
    flood("non-blocking", SOCK_NONBLOCK, false, false);
    return 0;
}
