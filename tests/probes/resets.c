/* Resets by SO_LINGER and connect(AF_UNSPEC): what the peer reads, which duplicates go on, which peers have names. */
#include "probe.h"

static int client, peer;

static void join(const char *where) {
    int server = listening(where, 0);
    client = connected(where, own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    close(server);
}

static void linger(int fd, int on, int seconds) {
    struct linger value = {on, seconds};
    CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof value));
}

static int disconnect(int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    return connect(fd, &none, sizeof none);
}

static int peer_name(int fd) {
    address name = unwritten();
    return getpeername(fd, &name.any, &name.length);
}

/* TCP's last segment may be under way. */
static void fact_gone(const char *what, int fd) {
    long result = 0;
    for (int i = 0; i < 1000 && (result = peer_name(fd)) == 0; i++)
        usleep(1000);
    fact_number(what, result);
}

/* Whom a connection is with, as long as it is one. */
static void both_sides(void) {
    join("127.0.0.1");
    shutdown(client, SHUT_WR);
    ready(peer, POLLRDHUP, 5000);
    fact_number("this side has shut down writing", peer_name(client));
    fact_number("and its peer sees that", peer_name(peer));
    close(peer);
    ready(client, POLLRDHUP, 5000);
    fact_gone("then the peer has closed", client);
    close(client);
    join("127.0.0.1");
    close(peer);
    ready(client, POLLRDHUP, 5000);
    fact_number("the peer has closed", peer_name(client));
    shutdown(client, SHUT_WR);
    fact_gone("then this side has shut down writing", client);
    close(client);
    join("127.0.0.1");
    shutdown(client, SHUT_RDWR);
    fact_number("this side has shut down both", peer_name(client));
    close(client);
    close(peer);
    join("127.0.0.1");
    shutdown(client, SHUT_RD);
    fact_number("this side has shut down reading", peer_name(client));
    close(client);
    close(peer);
}

/* The client reads once, after the other end has ended the connection. */
static void fact_read(const char *what) {
    char data[16];
    fact_number(what, read(client, data, sizeof data));
    close(client);
}

static void by_option(void) {
    join("127.0.0.1");
    linger(peer, 1, 1);
    close(peer);
    fact_read("a second's linger: reads");
    join("127.0.0.1");
    linger(peer, 1, 0);
    linger(peer, 0, 0);
    close(peer);
    fact_read("no more: reads");
    join("127.0.0.1");
    linger(peer, 1, 0);
    close(peer);
    fact_read("no linger: reads");
    join("127.0.0.1");
    CHECK(disconnect(peer));
    fact_read("disconnected: reads");
    close(peer);
}

/* TCP sends its reset when the last one is closed. */
static void duplicates(void) {
    char data[16];
    join("127.0.0.1");
    linger(peer, 1, 0);
    int copy = CHECK(dup(peer));
    close(peer);
    fact("one of two is closed: events", "0x%x", ready(client, POLLIN | POLLRDHUP, 100));
    CHECK(send(client, "abc", 3, 0));
    fact_number("the other one goes on", recv(copy, data, sizeof data, 0));
    close(copy);
    close(client);
    join("127.0.0.1");
    linger(peer, 1, 0);
    int go[2];
    CHECK(pipe(go));
    pid_t pid = fork_peer();
    if (pid == 0) {
        wait_byte(go[0]);
        ssize_t got = recv(peer, data, sizeof data, 0);
        send(peer, data, got > 0 ? (size_t)got : 0, 0);
        _exit(got == 3 && memcmp(data, "abc", 3) == 0 ? 0 : 1);
    }
    close(peer);
    CHECK(send(client, "abc", 3, 0));
    send_byte(go[1]);
    fact_number("a child goes on", ended(pid));
    fact_number("its answer", recv(client, data, sizeof data, 0));
    close(client);
}

/* The child has both ends, and closes them: nobody hears of it. */
static void in_a_child(void) {
    char data[16];
    join("127.0.0.1");
    linger(peer, 1, 0);
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(peer);
        _exit(0);
    }
    ended(pid);
    fact("a child closed its own: events", "0x%x", ready(peer, POLLIN | POLLPRI | POLLRDHUP, 100));
    CHECK(send(client, "abc", 3, 0));
    fact_number("it is read", recv(peer, data, sizeof data, 0));
    close(client);
    close(peer);
}

int main(void) {
    probe_start();
    by_option();
    duplicates();
    in_a_child();
    both_sides();
}
