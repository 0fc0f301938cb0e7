/* What a peer is told of a connection that SO_LINGER 0 and close, or connect(AF_UNSPEC), end: both are of this process.
 */
#include "probe.h"

#include <sys/epoll.h>

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

static void fact_of(const char *how, const char *what, long result) {
    char name[128];
    snprintf(name, sizeof name, "%s: %s", how, what);
    fact_number(name, result);
}

static int peer_name(int fd) {
    address name = unwritten();
    return getpeername(fd, &name.any, &name.length);
}

/* Everything that the other end can ask, in turn. */
static void tell(const char *how, int fd) {
    char data[16];
    char name[128];
    snprintf(name, sizeof name, "%s: events", how);
    ready(fd, POLLIN | POLLRDHUP, 5000);
    fact(name, "0x%x", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 0));
    fact_of(how, "its peer", peer_name(fd));
    fact_of(how, "reads", read(fd, data, sizeof data));
    fact_of(how, "its peer then", peer_name(fd));
    fact_of(how, "reads again", read(fd, data, sizeof data));
    fact_of(how, "writes", send(fd, "x", 1, MSG_NOSIGNAL));
    close(fd);
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

static void each_end(const char *where) {
    char how[64];
    for (int accepted = 0; accepted < 2; accepted++) {
        join(where);
        linger(accepted ? peer : client, 1, 0);
        close(accepted ? peer : client);
        snprintf(how, sizeof how, "%s, by the %s", where, accepted ? "server" : "client");
        tell(how, accepted ? client : peer);
    }
}

static void by_option(void) {
    join("127.0.0.1");
    linger(peer, 1, 1);
    close(peer);
    char data[16];
    fact_number("a second's linger: reads", read(client, data, sizeof data));
    close(client);
    join("127.0.0.1");
    linger(peer, 1, 0);
    linger(peer, 0, 0);
    close(peer);
    fact_number("no more: reads", read(client, data, sizeof data));
    close(client);
    int server = listening("127.0.0.1", 0);
    linger(server, 1, 0);
    client = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    close(peer);
    tell("the listener's", client);
    client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    linger(client, 1, 0);
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    peer = CHECK(accept(server, NULL, NULL));
    close(client);
    tell("set before the connect", peer);
    close(server);
}

static void with_data(void) {
    char data[16];
    join("127.0.0.1");
    linger(peer, 1, 0);
    CHECK(send(peer, "abc", 3, 0));
    ready(client, POLLIN, 5000);
    close(peer);
    fact_number("what was sent before is read", recv(client, data, sizeof data, 0));
    tell("after it", client);
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
    tell("both are closed", client);
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

static void in_another_process(void) {
    char data[16];
    int server = listening("127.0.0.1", 0);
    pid_t pid = fork_peer();
    if (pid == 0) {
        client = connected("127.0.0.1", own_port(server));
        close(server);
        fact_number("in another process: reads", recv(client, data, sizeof data, 0));
        _exit(0);
    }
    peer = CHECK(accept(server, NULL, NULL));
    linger(peer, 1, 0);
    close(peer);
    ended(pid);
    close(server);
}

static void others(void) {
    char data[16];
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    join("127.0.0.1");
    int set = CHECK(epoll_create1(0));
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, client, &event));
    linger(peer, 1, 0);
    close(peer);
    CHECK(epoll_wait(set, &event, 1, 5000));
    fact("by epoll", "0x%x", event.events);
    fact("SO_ERROR", "%s", errno_name(get_option(client, SOL_SOCKET, SO_ERROR)));
    fact_number("then it reads", read(client, data, sizeof data));
    close(client);
    close(set);
    join("127.0.0.1");
    linger(peer, 1, 0);
    CHECK(dup2(STDIN_FILENO, peer));
    tell("another takes its number", client);
    close(peer);
    join("127.0.0.1");
    CHECK(disconnect(peer));
    tell("disconnected", client);
    close(peer);
    join("127.0.0.1");
    linger(peer, 1, 0);
    int copies[100];
    for (int i = 0; i < 100; i++)
        copies[i] = CHECK(dup(client));
    close(peer);
    tell("of a hundred duplicates", client);
    for (int i = 0; i < 100; i++)
        close(copies[i]);
}

int main(void) {
    probe_start();
    each_end("127.0.0.1");
    each_end("::1");
    by_option();
    with_data();
    duplicates();
    in_a_child();
    in_another_process();
    both_sides();
    others();
}
