/*
 * A connected UDP socket that has not sent yet receives from the socket that is bound to its peer's address, also from
 * one that binds it after the connect, or again. It receives from no other.
 */
#include "probe.h"

#include <sys/wait.h>

struct place {
    const char *bound;
    const char *to;
};

static long say(int fd, const char *text) {
    struct iovec part = {(char *)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, 0);
}

static long say_to(int fd, const char *text, const address *to) {
    return sendto(fd, text, strlen(text), 0, &to->any, to->length);
}

/* By recvfrom, or by recvmsg; which of both waits makes no difference. */
static void hear(const char *name, int fd, bool by_message, int port) {
    char text[16] = "";
    address from = unwritten();
    struct iovec part = {text, sizeof text - 1};
    struct msghdr message = {.msg_name = &from.any, .msg_namelen = from.length, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = by_message ? recvmsg(fd, &message, 0) : recvfrom(fd, text, 15, 0, &from.any, &from.length);
    text[got < 0 ? 0 : got] = '\0';
    fact(name, "%s, %s", got < 0 ? errno_name(errno) : text, got > 0 && port_of(&from) == port ? "its port" : "-");
}

static void hear_nothing(const char *name, int fd) {
    char byte;
    address from = unwritten();
    fact_number(name, recvfrom(fd, &byte, 1, MSG_DONTWAIT, &from.any, &from.length));
}

static void stranger_says(const address *to) {
    int fd = CHECK(socket(to->any.sa_family, SOCK_DGRAM, 0));
    CHECK(say_to(fd, "stranger", to));
    CHECK(close(fd));
}

/* The peer: is there only now, says something first, and hears the answer. */
static void be_peer(const struct place *place, int port, const address *to, bool connects, bool by_message) {
    int fd = bound(place->bound, port, SOCK_DGRAM);
    if (connects)
        CHECK(connect(fd, &to->any, to->length));
    fact_number("the peer says", connects ? say(fd, "peer") : say_to(fd, "peer", to));
    hear("the peer hears", fd, by_message, port_of(to));
    CHECK(close(fd));
}

static void late(const struct place *place, bool connects, bool another_process, bool refused) {
    int port = free_port(SOCK_DGRAM), own = free_port(SOCK_DGRAM);
    int fd = bound(place->bound, own, SOCK_DGRAM);
    address to = ip(place->to, port), back = ip(place->to, own);
    char name[100];
    snprintf(name, sizeof name, "%s to %s%s%s%s", place->bound, place->to, connects ? ", connected" : "",
             another_process ? ", another process" : "", refused ? ", refused" : "");
    fact_call(name, connect(fd, &to.any, to.length));
    if (refused) {
        fact_number("nobody is sent to", say(fd, "early"));
        fact("poll", "%#x", (unsigned)ready(fd, POLLIN, 5000));
        hear("it hears", fd, connects, port);
    }
    stranger_says(&back);
    pid_t child = another_process ? CHECK(fork()) : 0;
    if (child == 0 && another_process) {
        be_peer(place, port, &back, connects, connects);
        _exit(0);
    }
    int peer = another_process ? -1 : bound(place->bound, port, SOCK_DGRAM);
    if (!another_process && connects)
        CHECK(connect(peer, &back.any, back.length));
    if (!another_process)
        fact_number("the peer says", connects ? say(peer, "peer") : say_to(peer, "peer", &back));
    hear("it hears", fd, connects, port);
    stranger_says(&back);
    hear_nothing("and nobody else", fd);
    fact_number("it says", say(fd, "answer"));
    if (another_process)
        CHECK(waitpid(child, NULL, 0));
    else
        hear("the peer hears", peer, connects, own);
    close(peer);
    CHECK(close(fd));
}

/* The peer was there at the connect, ends, and another socket of the process takes its port. */
static void again(const struct place *place, bool has_talked, bool any_port) {
    int port = free_port(SOCK_DGRAM), peer = bound(place->bound, port, SOCK_DGRAM);
    address to = ip(place->to, port);
    int fd = any_port ? CHECK(socket(to.any.sa_family, SOCK_DGRAM, 0))
                      : bound(place->bound, free_port(SOCK_DGRAM), SOCK_DGRAM);
    CHECK(connect(fd, &to.any, to.length));
    address back = ip(place->to, own_port(fd));
    if (has_talked) {
        CHECK(say(fd, "question"));
        hear("the first peer hears", peer, false, port_of(&back));
    }
    CHECK(close(peer));
    peer = bound(place->bound, port, SOCK_DGRAM);
    fact_number("the peer that is there again says", say_to(peer, "again", &back));
    hear("it hears", fd, false, port);
    fact_number("it says", say(fd, "answer"));
    hear("the peer hears", peer, true, port_of(&back));
    CHECK(close(peer));
    CHECK(close(fd));
}

int main(void) {
    static const struct place places[] = {
        {"127.0.0.1", "127.0.0.1"}, {"0.0.0.0", "127.0.0.1"}, {"::1", "::1"}, {"::", "::1"}};
    probe_start();
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        for (unsigned way = 0; way < 8; way++)
            late(&places[i], way & 1, way & 2, way & 4);
        for (unsigned way = 0; way < 4; way++)
            again(&places[i], way & 1, way & 2);
    }
    return 0;
}
