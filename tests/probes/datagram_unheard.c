/*
 * Whom a connected UDP socket hears: a server of another process that was there at the connect and has come again,
 * whether that connects to it or not, and has been sent to before or not; and a socket on the wildcard.
 */
#include "probe.h"

#include <sys/wait.h>

/* Not by send: from raw system calls that is not trapped, and cannot go to a server that has come again. */
static long say(int fd) {
    char byte = 'q';
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return sendmsg(fd, &message, 0);
}

static void heard(const char *name, int fd) {
    char byte = '-';
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT);
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

static void by_another_address(const char *at) {
    char name[80];
    int one = bound("0.0.0.0", free_port(SOCK_DGRAM), SOCK_DGRAM);
    int other = bound("0.0.0.0", free_port(SOCK_DGRAM), SOCK_DGRAM);
    CHECK(connect_to(one, at, own_port(other)));
    CHECK(connect_to(other, at, own_port(one)));
    CHECK(say(one));
    snprintf(name, sizeof name, "two on 0.0.0.0, connected at %s: heard", at);
    heard(name, other);
    CHECK(close(one));
    CHECK(close(other));
}

int main(void) {
    probe_start();
    restarted("a server that has come again", SENDS);
    restarted("one that has come again, and connects", SENDS_CONNECTED);
    by_another_address("127.0.0.1");
    by_another_address("127.0.0.2");
    return 0;
}
