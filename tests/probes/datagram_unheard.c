/*
 * Whom a connected UDP socket hears: a server of another process that was there at the connect and has come again,
 * whether that connects to it or not, and has been sent to before or not; and sockets on the wildcard.
 */
#include "probe.h"

#include <sys/wait.h>

/* Not by send and recv: from raw system calls they are not trapped. */
static long say(int fd) {
    char byte = 'q';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, 0);
}

static void heard(const char *name, int fd) {
    char byte = '-';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    fact(name, "%s", got == 1 ? "yes" : got < 0 ? errno_name(errno) : "an empty one");
}

/* A server in another process: receives one datagram and ends, or sends one, connected or not. */
enum what { RECEIVES, SENDS, SENDS_CONNECTED };

static void serve_once(int port, const address *client, enum what what, int ready_end) {
    char byte = 's';
    int fd = bound("127.0.0.1", port, SOCK_DGRAM);
    CHECK(write(ready_end, &byte, 1));
    if (what == SENDS_CONNECTED)
        CHECK(connect(fd, &client->any, client->length));
    if (what == RECEIVES)
        CHECK(recv(fd, &byte, 1, 0));
    else
        CHECK(what == SENDS ? sendto(fd, &byte, 1, 0, &client->any, client->length) : say(fd));
    CHECK(close(fd));
}

static pid_t start_server(int port, const address *client, enum what what) {
    int ends[2];
    char byte;
    CHECK(pipe(ends));
    pid_t child = CHECK(fork());
    if (child == 0) {
        serve_once(port, client, what, ends[1]);
        _exit(0);
    }
    CHECK(close(ends[1]));
    CHECK(read(ends[0], &byte, 1));
    CHECK(close(ends[0]));
    return child;
}

static void restarted(const char *name, enum what what) {
    char line[80];
    int port = free_port(SOCK_DGRAM), own = free_port(SOCK_DGRAM);
    int fd = bound("127.0.0.1", own, SOCK_DGRAM);
    address client = ip("127.0.0.1", own);
    pid_t first = start_server(port, &client, RECEIVES);
    CHECK(connect_to(fd, "127.0.0.1", port));
    CHECK(say(fd));
    CHECK(waitpid(first, NULL, 0));
    CHECK(waitpid(start_server(port, &client, what), NULL, 0));
    snprintf(line, sizeof line, "%s: heard", name);
    heard(line, fd);
    pid_t third = start_server(port, &client, RECEIVES);
    snprintf(line, sizeof line, "%s: sent to", name);
    fact_number(line, say(fd));
    CHECK(waitpid(third, NULL, 0));
    CHECK(close(fd));
}

static int on_wildcard(const char *at) {
    return bound(strchr(at, ':') ? "::" : "0.0.0.0", free_port(SOCK_DGRAM), SOCK_DGRAM);
}

/* Both say something and look twice: an error of the own send may be there before the other's datagram. */
static void talk(const char *name, const char *at, int one, int other) {
    char line[100];
    for (int turn = 0; turn < 2; turn++) {
        int from = turn ? other : one, to = turn ? one : other;
        snprintf(line, sizeof line, "%s, at %s: %s says", name, at, turn ? "the other" : "one");
        fact_number(line, say(from));
        for (int look = 0; look < 2; look++) {
            snprintf(line, sizeof line, "%s, at %s: %s hears, look %d", name, at, turn ? "one" : "the other", look + 1);
            heard(line, to);
        }
    }
}

/* Two sockets on the wildcard connect to each other by this address of their host. */
static void pair(const char *at, bool first_is_early) {
    int one = on_wildcard(at), port = free_port(SOCK_DGRAM);
    if (first_is_early)
        CHECK(connect_to(one, at, port));
    int other = bound(strchr(at, ':') ? "::" : "0.0.0.0", port, SOCK_DGRAM);
    if (!first_is_early)
        CHECK(connect_to(one, at, port));
    CHECK(connect_to(other, at, own_port(one)));
    talk(first_is_early ? "two, the first is early" : "two", at, one, other);
    CHECK(close(one));
    CHECK(close(other));
}

/* One that is connected to itself. */
static void oneself(const char *at) {
    char name[80];
    int fd = on_wildcard(at);
    CHECK(connect_to(fd, at, own_port(fd)));
    snprintf(name, sizeof name, "itself, at %s: says", at);
    fact_number(name, say(fd));
    snprintf(name, sizeof name, "itself, at %s: hears", at);
    heard(name, fd);
    CHECK(close(fd));
}

int main(void) {
    probe_start();
    restarted("a server that has come again", SENDS);
    restarted("one that has come again, and connects", SENDS_CONNECTED);
    static const char *const addresses[] = {"127.0.0.1", "::ffff:127.0.0.1", "::1"};
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        pair(addresses[i], false);
        pair(addresses[i], true);
        oneself(addresses[i]);
    }
    return 0;
}
