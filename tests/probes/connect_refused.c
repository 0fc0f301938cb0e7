/* A refused non-blocking connect: EINPROGRESS first, then the refusal once, by each call that can report it. */
#include "probe.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>

static volatile sig_atomic_t signals;
static int nobody, somebody;
static const char *host;

static void count_signal(int number) {
    (void)number;
    signals = signals + 1;
}

static int opened(void) {
    return CHECK(socket(strchr(host, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static void fact_of(const char *story, const char *what, const char *value) {
    char text[96];
    snprintf(text, sizeof text, "%s, %s: %s", host, story, what);
    fact(text, "%s", value);
}

static void call_of(const char *story, const char *what, long result) {
    char value[32];
    snprintf(value, sizeof value, "%ld", result);
    fact_of(story, what, result < 0 ? errno_name(errno) : value);
}

static void number_of(const char *story, const char *what, int number) {
    char value[32];
    snprintf(value, sizeof value, "%#x", (unsigned)number);
    fact_of(story, what, value);
}

static void error_of(const char *story, const char *what, int fd) {
    fact_of(story, what, errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
}

static int refused(const char *story) {
    int fd = opened();
    call_of(story, "connect", connect_to(fd, host, nobody));
    if (ready(fd, POLLOUT, 5000) == 0)
        die("connect stays in progress");
    return fd;
}

static void asked_by_poll(void) {
    const char *story = "poll";
    fd_set in, out;
    struct timeval now = {0, 0};
    int fd = refused(story);
    number_of(story, "for all", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    number_of(story, "for nothing", ready(fd, 0, 5000));
    number_of(story, "to read", ready(fd, POLLIN, 5000));
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(fd, &in);
    FD_SET(fd, &out);
    call_of(story, "select", select(fd + 1, &in, &out, NULL, &now));
    error_of(story, "SO_ERROR", fd);
    error_of(story, "SO_ERROR again", fd);
    number_of(story, "when it is told", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    close(fd);
}

static int event_of(int set, int milliseconds) {
    struct epoll_event event = {0};
    return CHECK(epoll_wait(set, &event, 1, milliseconds)) == 0 ? 0 : (int)event.events;
}

static void asked_by_epoll(const char *story, bool before, unsigned flags) {
    int fd = opened(), set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | flags};
    if (before) {
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
        number_of(story, "before", event_of(set, 0));
    }
    call_of(story, "connect", connect_to(fd, host, nobody));
    if (!before)
        CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    number_of(story, "event", event_of(set, 5000));
    number_of(story, "again", event_of(set, 0));
    error_of(story, "SO_ERROR", fd);
    close(set);
    close(fd);
}

static void connected_again(void) {
    const char *story = "connect again";
    int fd = refused(story);
    call_of(story, "refused", connect_to(fd, host, nobody));
    number_of(story, "poll", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    call_of(story, "anew", connect_to(fd, host, nobody));
    ready(fd, POLLOUT, 5000);
    error_of(story, "SO_ERROR", fd);
    call_of(story, "told", connect_to(fd, host, somebody));
    call_of(story, "to somebody", connect_to(fd, host, somebody));
    number_of(story, "poll then", ready(fd, POLLOUT, 5000));
    error_of(story, "SO_ERROR then", fd);
    call_of(story, "write", write(fd, "x", 1));
    close(fd);
}

static void written(const char *story, bool told) {
    char byte = 0;
    int fd = refused(story);
    signals = 0;
    if (told)
        error_of(story, "SO_ERROR", fd);
    call_of(story, "write", write(fd, "x", 1));
    number_of(story, "signals", signals);
    call_of(story, "send", send(fd, "x", 1, MSG_NOSIGNAL));
    call_of(story, "write again", write(fd, "x", 1));
    number_of(story, "signals then", signals);
    error_of(story, "SO_ERROR then", fd);
    call_of(story, "read", read(fd, &byte, 1));
    close(fd);
}

static void read_first(void) {
    char byte = 0;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    int fd = refused("read");
    call_of("read", "read", read(fd, &byte, 1));
    call_of("read", "read again", read(fd, &byte, 1));
    error_of("read", "SO_ERROR", fd);
    close(fd);
    fd = refused("recv");
    call_of("recv", "recv", recv(fd, &byte, 1, MSG_PEEK));
    call_of("recv", "connect", connect_to(fd, host, nobody));
    close(fd);
    fd = refused("recvmsg");
    call_of("recvmsg", "recvmsg", recvmsg(fd, &message, 0));
    call_of("recvmsg", "write", write(fd, "x", 1));
    call_of("recvmsg", "connect", connect_to(fd, host, nobody));
    call_of("recvmsg", "connect to somebody", connect_to(fd, host, somebody));
    ready(fd, POLLOUT, 5000);
    error_of("recvmsg", "SO_ERROR then", fd);
    close(fd);
}

static void asked_for_names(void) {
    const char *story = "names";
    address name = unwritten();
    int fd = refused(story);
    call_of(story, "getpeername", getpeername(fd, &name.any, &name.length));
    name = unwritten();
    call_of(story, "getsockname", getsockname(fd, &name.any, &name.length));
    call_of(story, "family", name.any.sa_family);
    fact_of(story, "address", ip_text(&name));
    fact_of(story, "port", port_of(&name) != 0 ? "some" : "none");
    call_of(story, "shutdown", shutdown(fd, SHUT_RDWR));
    error_of(story, "SO_ERROR", fd);
    close(fd);
}

static void used_otherwise(void) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    address any = ip(host, 0);
    int fd = refused("bind");
    call_of("bind", "bind", bind(fd, &any.any, any.length));
    close(fd);
    fd = refused("listen");
    call_of("listen", "listen", listen(fd, 1));
    close(fd);
    fd = refused("disconnect");
    call_of("disconnect", "disconnect", connect(fd, &none, sizeof none));
    call_of("disconnect", "connect", connect_to(fd, host, somebody));
    ready(fd, POLLOUT, 5000);
    error_of("disconnect", "SO_ERROR", fd);
    close(fd);
}

static void bound_before(const char *story, int chosen) {
    address own = ip(host, chosen);
    int fd = opened();
    CHECK(bind(fd, &own.any, own.length));
    int port = own_port(fd);
    call_of(story, "connect", connect_to(fd, host, nobody));
    number_of(story, "poll", ready(fd, POLLIN | POLLOUT | POLLRDHUP, 5000));
    fact_of(story, "its port", own_port(fd) == port ? "the same" : "another");
    call_of(story, "refused", connect_to(fd, host, nobody));
    if (chosen != 0) /* else it may show a port that it does not have any more (docs/limits.md) */
        fact_of(story, "its port then", own_port(fd) == port ? "the same" : "another");
    call_of(story, "to somebody", connect_to(fd, host, somebody));
    ready(fd, POLLOUT, 5000);
    error_of(story, "SO_ERROR", fd);
    fact_of(story, "its port at last", own_port(fd) == port ? "the same" : "another");
    close(fd);
}

static void in_several_hands(void) {
    int fd = refused("dup"), copy = CHECK(dup(fd));
    error_of("dup", "SO_ERROR", copy);
    error_of("dup", "SO_ERROR again", fd);
    close(copy);
    close(fd);
    fd = refused("fork");
    pid_t pid = fork_peer();
    if (pid == 0) {
        error_of("fork", "SO_ERROR", fd);
        _exit(0);
    }
    ended(pid);
    error_of("fork", "SO_ERROR again", fd);
    call_of("fork", "connect", connect_to(fd, host, somebody));
    close(fd);
}

static void all(const char *of_host) {
    host = of_host;
    int server = listening(host, 0);
    somebody = own_port(server);
    nobody = free_port(SOCK_STREAM);
    asked_by_poll();
    asked_by_epoll("epoll", false, 0);
    asked_by_epoll("epoll by edge", false, EPOLLET);
    asked_by_epoll("epoll, registered before", true, 0);
    asked_by_epoll("epoll by edge, registered before", true, EPOLLET);
    asked_by_epoll("epoll one-shot", false, EPOLLONESHOT);
    connected_again();
    written("write", false);
    written("write when told", true);
    read_first();
    asked_for_names();
    used_otherwise();
    bound_before("bound to any port", 0);
    bound_before("bound to a port", free_port(SOCK_STREAM));
    in_several_hands();
    close(server);
}

int main(void) {
    struct sigaction action = {.sa_handler = count_signal};
    probe_start();
    CHECK(sigaction(SIGPIPE, &action, NULL));
    all("127.0.0.1");
    all("::1");
    return 0;
}
