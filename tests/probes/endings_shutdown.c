/* shutdown: twice, of a side that is shut, before and after the peer's end, on duplicates and in children. */
#include "endings.h"

static const char *const how_names[] = {"SHUT_RD", "SHUT_WR", "SHUT_RDWR"};

/* By the calls that every door has: sendmsg, and no poll. */
static bool everywhere;

static long put(int fd, const char *text, int flags) {
    struct iovec part = {(void *)(uintptr_t)text, strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    return everywhere ? sendmsg(fd, &message, flags) : send(fd, text, strlen(text), flags);
}

/* Over TCP the peer's answer to the end of this side takes a moment. */
static void settle(const struct pair *pair) {
    struct tcp_info info = {.tcpi_state = TCP_FIN_WAIT1};
    socklen_t length = sizeof info;
    long begun = now_ms();
    while (info.tcpi_state == TCP_FIN_WAIT1 || info.tcpi_state == TCP_CLOSING || info.tcpi_state == TCP_LAST_ACK) {
        if (now_ms() - begun > 5000)
            die("the peer does not answer the end");
        CHECK(getsockopt(pair->fd, IPPROTO_TCP, TCP_INFO, &info, &length));
        ready(pair->fd, 0, 1);
    }
}

static void tell(const char *story, const char *what, long result) {
    char name[160];
    snprintf(name, sizeof name, "%s: %s", story, what);
    fact_call(name, result);
}

/* Prints the socket's state. */
static void tell_state(const char *story, struct pair *pair) {
    char name[160], byte;
    snprintf(name, sizeof name, "%s: poll", story);
    if (!everywhere)
        fact(name, "0x%x", ready(pair->fd, POLLIN | POLLRDHUP, 0));
    snprintf(name, sizeof name, "%s: read", story);
    fact_number(name, recv(pair->fd, &byte, 1, MSG_DONTWAIT));
    snprintf(name, sizeof name, "%s: write", story);
    fact_number(name, put(pair->fd, "x", MSG_NOSIGNAL));
}

/* By which a server knows that nobody waits for its answer any more. */
static void tell_tcp(const char *story, const char *when, const struct pair *pair) {
    char name[160];
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    snprintf(name, sizeof name, "%s: state %s", story, when);
    CHECK(getsockopt(pair->fd, IPPROTO_TCP, TCP_INFO, &info, &length));
    fact(name, "%d", info.tcpi_state);
}

static void before_and_after(enum end end, int first, int second) {
    char story[100];
    struct pair pair = make_pair(false);
    snprintf(story, sizeof story, "%s, %s, %s", how_names[first], end_names[end], how_names[second]);
    tell(story, "first", shutdown(pair.fd, first));
    if (end == CLOSED_UNREAD && first != SHUT_RD)
        end = OPEN;
    peer_ends(&pair, end);
    settle(&pair);
    /* Whether the peer has ended, too, is not known once nothing is read any more. */
    if (first == SHUT_WR)
        tell_tcp(story, "between", &pair);
    tell(story, "second", shutdown(pair.fd, second));
    tell_state(story, &pair);
    drop_pair(&pair);
}

static void after(enum end end, int first, int second) {
    char story[100];
    struct pair pair = make_pair(true);
    snprintf(story, sizeof story, "%s, then %s, %s", end_names[end], how_names[first], how_names[second]);
    peer_ends(&pair, end);
    tell_tcp(story, "at its end", &pair);
    tell(story, "first", shutdown(pair.fd, first));
    settle(&pair);
    tell(story, "second", shutdown(pair.fd, second));
    tell_state(story, &pair);
    drop_pair(&pair);
}

static void after_lost_write(void) {
    struct pair pair = make_pair(false);
    peer_ends(&pair, CLOSED);
    fact_number("lost write", put(pair.fd, "hello", 0));
    ready(pair.fd, 0, 2000); /* POLLHUP, which is not asked for, ends it */
    fact_call("shutdown after it", shutdown(pair.fd, SHUT_WR));
    fact_call("and again", shutdown(pair.fd, SHUT_RDWR));
    drop_pair(&pair);
    pair = make_pair(false);
    peer_ends(&pair, CLOSED_UNREAD);
    fact_call("shutdown after a reset", shutdown(pair.fd, SHUT_RDWR));
    drop_pair(&pair);
}

/* The kernel tells of a reset once, by whatever is asked. */
static void after_error(void) {
    struct pair pair = make_pair(false);
    int error = 0;
    send_byte(pair.fd);
    if (ready(pair.peer, POLLIN, 5000) == 0)
        die("nothing arrived");
    close_peer(&pair);
    for (long begun = now_ms(); error == 0 && now_ms() - begun < 5000;)
        error = get_option(pair.fd, SOL_SOCKET, SO_ERROR);
    fact("SO_ERROR of a reset", "%s", errno_name(error));
    tell_tcp("SO_ERROR of a reset", "then", &pair);
    fact_call("a write then", put(pair.fd, "x", MSG_NOSIGNAL));
    drop_pair(&pair);
}

static void by_others(void) {
    struct pair pair = make_pair(true);
    int other = CHECK(dup(pair.fd));
    fact_call("by a duplicate", shutdown(other, SHUT_WR));
    close(other);
    peer_ends(&pair, CLOSED);
    settle(&pair);
    fact_call("then", shutdown(pair.fd, SHUT_WR));
    drop_pair(&pair);
    pair = make_pair(false);
    pid_t child = fork_peer();
    if (child == 0)
        _exit(shutdown(pair.fd, SHUT_WR) == 0 ? 0 : errno);
    fact("by a child", "%d", ended(child));
    peer_ends(&pair, CLOSED);
    settle(&pair);
    fact_call("by its parent then", shutdown(pair.fd, SHUT_RD));
    drop_pair(&pair);
}

/* Of what is not connected yet. The last ones were born local (docs/architecture.md). */
static void before_connect(int how) {
    char story[100];
    int server = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    address own = ip("127.0.0.1", 0);
    snprintf(story, sizeof story, "%s before connect", how_names[how]);
    tell(story, "unbound", shutdown(server, how));
    CHECK(bind(server, &own.any, own.length));
    tell(story, "bound", shutdown(server, how));
    tell(story, "listen", listen(server, 5));
    int client = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    tell(story, "client", shutdown(client, how));
    tell(story, "connect", connect_to(client, "127.0.0.1", own_port(server)));
    int peer = CHECK(accept(server, NULL, NULL));
    /* A side that was shut stays so over TCP. */
    bool writes = how == SHUT_RD;
    if (writes)
        send_byte(client);
    snprintf(story, sizeof story, "%s before connect: a byte comes", how_names[how]);
    fact_yes(story, !writes || wait_byte(peer));
    close(peer);
    close(client);
    close(server);
}

int main(int count, char **words) {
    probe_start();
    everywhere = count > 1 && strcmp(words[1], "everywhere") == 0;
    count_pipes();
    for (int end = OPEN; end < ENDS; end++)
        for (int first = SHUT_RD; first <= SHUT_RDWR; first++)
            for (int second = SHUT_RD; second <= SHUT_RDWR; second++) {
                /* After SHUT_RD, later data can be read over TCP alone (docs/limits.md). */
                if (end != SENT_CLOSED || first == SHUT_WR)
                    before_and_after((enum end)end, first, second);
                after((enum end)end, first, second);
            }
    after_lost_write();
    after_error();
    by_others();
    for (int how = SHUT_RD; how <= SHUT_RDWR; how++)
        before_connect(how);
    struct pair pair = make_pair(false);
    fact_call("nonsense", shutdown(pair.fd, 7));
    drop_pair(&pair);
    return 0;
}
