/* epoll registrations made before bind or connect keep their events and data, and can be changed and removed after. */
#include "probe.h"

#include <sys/epoll.h>

#define DATA 0x1122334455667788ull

/* Prints how many events come within the time, and the first one. */
static void show(const char *name, int set, int milliseconds) {
    struct epoll_event events[8];
    int count = CHECK(epoll_wait(set, events, 8, milliseconds));
    if (count == 0)
        fact(name, "no event");
    else
        fact(name, "%d event%s, 0x%x with data 0x%llx", count, count == 1 ? "" : "s", events[0].events,
             (unsigned long long)events[0].data.u64);
}

static int control(int set, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(set, operation, fd, &event);
}

static int new_set(void) {
    return CHECK(epoll_create1(EPOLL_CLOEXEC));
}
static int new_socket(void) {
    return CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

static int server;

/* Connects a socket and returns the server's end; the client's end is writable when this returns. */
static int join(int client) {
    if (connect_to(client, "127.0.0.1", own_port(server)) < 0 && errno != EINPROGRESS)
        die("connect");
    if (ready(client, POLLOUT, 5000) == 0 || ready(server, POLLIN, 5000) == 0)
        die("no connection");
    return CHECK(accept(server, NULL, NULL));
}

static void modes(const char *name, uint32_t mode) {
    char text[80];
    int set = new_set(), client = new_socket();
    CHECK(control(set, EPOLL_CTL_ADD, client, EPOLLIN | mode, DATA));
    int peer = join(client);
    /* An unconnected TCP socket is EPOLLHUP at once: one edge-triggered or oneshot event may be due for that. */
    struct epoll_event ignored;
    while (epoll_wait(set, &ignored, 1, 0) > 0) {
    }
    if (mode & EPOLLONESHOT)
        CHECK(control(set, EPOLL_CTL_MOD, client, EPOLLIN | mode, DATA));
    snprintf(text, sizeof text, "%s: connected and quiet", name);
    show(text, set, 30);
    send_byte(peer);
    snprintf(text, sizeof text, "%s: after a byte", name);
    show(text, set, 5000);
    snprintf(text, sizeof text, "%s: asked again, byte unread", name);
    show(text, set, 30);
    wait_byte(client);
    send_byte(peer);
    snprintf(text, sizeof text, "%s: after another byte", name);
    show(text, set, mode & EPOLLONESHOT ? 30 : 5000);
    snprintf(text, sizeof text, "%s: modified", name);
    fact_call(text, control(set, EPOLL_CTL_MOD, client, EPOLLIN | EPOLLOUT | mode, 7));
    snprintf(text, sizeof text, "%s: after modifying", name);
    show(text, set, 5000);
    snprintf(text, sizeof text, "%s: added twice", name);
    fact_call(text, control(set, EPOLL_CTL_ADD, client, EPOLLIN, 9));
    snprintf(text, sizeof text, "%s: deleted", name);
    fact_call(text, control(set, EPOLL_CTL_DEL, client, 0, 0));
    snprintf(text, sizeof text, "%s: deleted twice", name);
    fact_call(text, control(set, EPOLL_CTL_DEL, client, 0, 0));
    send_byte(peer);
    snprintf(text, sizeof text, "%s: after deleting", name);
    show(text, set, 30);
    close(peer);
    close(client);
    close(set);
}

static void several_sets(void) {
    int sets[3] = {new_set(), new_set(), new_set()}, closed = new_set(), client = new_socket();
    for (int i = 0; i < 3; i++)
        CHECK(control(sets[i], EPOLL_CTL_ADD, client, EPOLLIN, DATA + (uint64_t)i));
    CHECK(control(closed, EPOLL_CTL_ADD, client, EPOLLIN, 1));
    close(closed);
    CHECK(control(sets[1], EPOLL_CTL_DEL, client, 0, 0));
    int peer = join(client);
    send_byte(peer);
    show("three sets, a closed one: first", sets[0], 5000);
    show("three sets, a closed one: deleted before connect", sets[1], 30);
    show("three sets, a closed one: third", sets[2], 5000);
    fact_call("added again where it was deleted", control(sets[1], EPOLL_CTL_ADD, client, EPOLLIN, 5));
    show("added again where it was deleted: events", sets[1], 5000);
    close(client);
    show("closed descriptor leaves the set", sets[0], 30);
    close(peer);
    for (int i = 0; i < 3; i++)
        close(sets[i]);
}

/* A set that got the number of a closed set must not inherit its registrations. */
static void reused_number(void) {
    int first = new_set(), client = new_socket();
    CHECK(control(first, EPOLL_CTL_ADD, client, EPOLLIN, 1));
    close(first);
    int second = new_set();
    fact_yes("reused set: same number", first == second);
    int peer = join(client);
    send_byte(peer);
    show("reused set: events", second, 30);
    fact_call("reused set: added", control(second, EPOLL_CTL_ADD, client, EPOLLIN, 2));
    show("reused set: events after adding", second, 5000);
    close(peer);
    close(client);
    close(second);
}

static void nested_and_duplicated(void) {
    int outer = new_set(), inner = new_set(), client = new_socket();
    CHECK(control(outer, EPOLL_CTL_ADD, inner, EPOLLIN, 77));
    CHECK(control(inner, EPOLL_CTL_ADD, client, EPOLLIN, DATA));
    int copy = CHECK(dup(inner));
    int peer = join(client);
    while (ready(inner, POLLIN, 0) != 0) {
        struct epoll_event ignored;
        if (epoll_wait(inner, &ignored, 1, 0) <= 0)
            break;
    }
    send_byte(peer);
    show("nested: outer", outer, 5000);
    show("nested: inner through its duplicate", copy, 5000);
    fact_call("duplicate of a set: deleted", control(copy, EPOLL_CTL_DEL, client, 0, 0));
    show("nested: inner after deleting", inner, 30);
    close(peer);
    close(client);
    close(copy);
    close(inner);
    close(outer);
}

/* A listener registered before bind, as nginx, Java NIO and libuv may do. */
static void listener_first(void) {
    int set = new_set(), listener = new_socket();
    CHECK(control(set, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLET, DATA));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(listener, &at.any, at.length));
    CHECK(listen(listener, 8));
    struct epoll_event ignored;
    while (epoll_wait(set, &ignored, 1, 0) > 0) {
    }
    int client = connected("127.0.0.1", own_port(listener));
    show("listener registered before bind: a connection", set, 5000);
    int peer = CHECK(accept(listener, NULL, NULL));
    fact_call("listener registered before bind: modified", control(set, EPOLL_CTL_MOD, listener, EPOLLIN, 3));
    show("listener registered before bind: nothing waits", set, 30);
    int other = connected("127.0.0.1", own_port(listener));
    show("listener registered before bind: another", set, 5000);
    fact_call("listener registered before bind: deleted", control(set, EPOLL_CTL_DEL, listener, 0, 0));
    show("listener registered before bind: after deleting", set, 30);
    close(other);
    close(peer);
    close(client);
    close(listener);
    close(set);
}

/* The same with a datagram socket and old epoll_create; a set inherited by a child works too. */
static void datagram_first(void) {
    int set = CHECK(epoll_create(1));
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(control(set, EPOLL_CTL_ADD, fd, EPOLLIN, DATA));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(fd, &at.any, at.length));
    show("datagram: quiet", set, 30);
    int sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address to = name_of(fd);
    CHECK(sendto(sender, "x", 1, 0, &to.any, to.length));
    show("datagram: after one", set, 5000);
    pid_t pid = fork_peer();
    if (pid == 0) {
        show("datagram: in a child", set, 5000);
        _exit(0);
    }
    if (ended(pid) != 0)
        die("child");
    fact_call("datagram: deleted", control(set, EPOLL_CTL_DEL, fd, 0, 0));
    close(sender);
    close(fd);
    close(set);
}

/* nginx registers listeners with EPOLLEXCLUSIVE in each worker; the kernel does not allow to modify that. */
static void exclusive(void) {
    int set = new_set(), listener = new_socket();
    fact_call("exclusive: added before bind", control(set, EPOLL_CTL_ADD, listener, EPOLLIN | EPOLLEXCLUSIVE, DATA));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(listener, &at.any, at.length));
    CHECK(listen(listener, 8));
    int client = connected("127.0.0.1", own_port(listener));
    show("exclusive: a connection", set, 5000);
    fact_call("exclusive: modified", control(set, EPOLL_CTL_MOD, listener, EPOLLIN, 1));
    fact_call("exclusive: deleted", control(set, EPOLL_CTL_DEL, listener, 0, 0));
    close(client);
    close(listener);
    close(set);
}

/* Registered through a duplicate of the descriptor that is connected later: the duplicate is the same socket. */
static void through_duplicate(void) {
    int set = new_set(), client = new_socket(), copy = CHECK(dup(client));
    CHECK(control(set, EPOLL_CTL_ADD, copy, EPOLLIN, DATA));
    int peer = join(client);
    send_byte(peer);
    show("registered through a duplicate", set, 5000);
    fact_call("registered through a duplicate: the other is added too",
              control(set, EPOLL_CTL_ADD, client, EPOLLIN, 1));
    fact_call("registered through a duplicate: deleted", control(set, EPOLL_CTL_DEL, copy, 0, 0));
    show("registered through a duplicate: the other is left", set, 5000);
    close(copy);
    close(peer);
    close(client);
    close(set);
}

/* Prints the events of a registered socket whose peer has gone. */
static void hang_up(void) {
    int set = new_set(), client = new_socket();
    CHECK(control(set, EPOLL_CTL_ADD, client, EPOLLIN | EPOLLRDHUP, DATA));
    int peer = join(client);
    close(peer);
    if (ready(client, POLLRDHUP, 5000) == 0)
        die("no end of file");
    struct epoll_event event;
    int count = CHECK(epoll_wait(set, &event, 1, 5000));
    fact_yes("peer closed: readable and half closed",
             count == 1 && (event.events & (EPOLLIN | EPOLLRDHUP)) == (EPOLLIN | EPOLLRDHUP));
    close(client);
    close(set);
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    modes("level", 0);
    modes("edge", EPOLLET);
    modes("oneshot", EPOLLONESHOT);
    several_sets();
    reused_number();
    nested_and_duplicated();
    listener_first();
    exclusive();
    through_duplicate();
    datagram_first();
    hang_up();
    return 0;
}
