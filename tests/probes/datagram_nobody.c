/* A datagram with a wrong buffer, flag or size fails alike at a port with a socket and at one without. */
#include "probe.h"

static char large[70000];

static void one(const char *whose, const address *to) {
    bool four = to->any.sa_family == AF_INET; /* UDP over IPv6 does not look at MSG_OOB */
    struct iovec bad = {(void *)-1, 100}, good = {"x", 1};
    struct msghdr message = {.msg_name = (void *)&to->any, .msg_namelen = to->length, .msg_iov = &bad, .msg_iovlen = 1};
    for (int connected = 0; connected < 2; connected++) {
        char name[100];
        int fd = CHECK(socket(to->any.sa_family, SOCK_DGRAM, 0));
        snprintf(name, sizeof name, "%s, %s", whose, connected ? "connected" : "by address");
        if (connected)
            CHECK(connect(fd, &to->any, to->length));
        fact_number(name, sendto(fd, (void *)-1, 100, 0, &to->any, to->length));
        fact_number("in the first page", sendto(fd, (void *)8, 100, 0, &to->any, to->length));
        if (four)
            fact_number("MSG_OOB", sendto(fd, "x", 1, MSG_OOB, &to->any, to->length));
        message.msg_iov = &bad;
        fact_number("sendmsg", sendmsg(fd, &message, 0));
        message.msg_name = NULL;
        if (connected)
            fact_number("without an address", sendmsg(fd, &message, 0));
        message.msg_name = (void *)&to->any;
        message.msg_iov = (void *)-1;
        fact_number("parts that are not there", sendmsg(fd, &message, 0));
        message.msg_iov = &good;
        struct mmsghdr several = {.msg_hdr = message};
        if (four) {
            fact_number("sendmsg, MSG_OOB", sendmsg(fd, &message, MSG_OOB));
            fact_number("sendmmsg, MSG_OOB", sendmmsg(fd, &several, 1, MSG_OOB));
        }
        fact_number("too large", sendto(fd, large, sizeof large, 0, &to->any, to->length));
        close(fd);
    }
    int fd = CHECK(socket(to->any.sa_family, SOCK_DGRAM, 0));
    message.msg_iov = &good;
    fact_number("a good one", sendmsg(fd, &message, 0));
    close(fd);
}

int main(void) {
    static const char *const texts[] = {"127.0.0.1", "::1"};
    probe_start();
    for (int i = 0; i < 2; i++) {
        address to = ip(texts[i], free_port(SOCK_DGRAM));
        one("nobody", &to);
        int receiver = bound(texts[i], port_of(&to), SOCK_DGRAM);
        one("somebody", &to);
        close(receiver);
    }
    return 0;
}
