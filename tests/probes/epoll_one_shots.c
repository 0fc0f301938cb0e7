/*
 * One-shot registrations that have fired stay so through bind, connect and connect(AF_UNSPEC), until they are modified.
 */
#include "epoll.h"

/* An unconnected stream has "hung up": registered for one shot, it fires at once, and has to be armed again. */
static void fired(int set, int client, uint32_t events) {
    struct epoll_event event;
    add(set, client, events | EPOLLONESHOT, 7);
    if (CHECK(epoll_wait(set, &event, 1, 1000)) != 1)
        die("an unconnected socket is quiet");
}

static void one_shots(const char *mode, uint32_t extra) {
    int set = new_set(), client = next_socket();
    fact(mode, "one-shot");
    fired(set, client, EPOLLIN | EPOLLOUT | extra);
    int peer = join(client);
    show_quiet("fired one-shot: connected", set);
    send_byte(peer);
    show_quiet("fired one-shot: a byte", set);
    fact_call("fired one-shot: armed", control(set, EPOLL_CTL_MOD, client, EPOLLIN | EPOLLONESHOT | extra, 8));
    show("fired one-shot: armed: events", set);
    show_quiet("fired one-shot: fired again", set);
    fact_call("fired one-shot: added", control(set, EPOLL_CTL_ADD, client, EPOLLIN, 9));
    fact_call("fired one-shot: deleted", control(set, EPOLL_CTL_DEL, client, 0, 0));
    fact_call("fired one-shot: deleted twice", control(set, EPOLL_CTL_DEL, client, 0, 0));
    close_both(client, peer);
    close(set);
}

static void one_shot_left(void) {
    int set = new_set(), client = next_socket();
    fired(set, client, EPOLLIN);
    int peer = join(client);
    close(peer);
    show_quiet("fired one-shot: peer closed", set);
    fact_call("fired one-shot: deleted unused", control(set, EPOLL_CTL_DEL, client, 0, 0));
    fact_call("fired one-shot: modified when deleted", control(set, EPOLL_CTL_MOD, client, EPOLLIN, 1));
    close(client);
    close(set);
}

/* Armed in one set and fired in another; through an exchange in each direction. */
static void one_shot_in_two_sets(void) {
    int a = new_set(), b = new_set(), client = next_socket();
    fired(a, client, EPOLLIN);
    add(b, client, EPOLLIN | EPOLLRDHUP, 20);
    int peer = join(client);
    show_quiet("one-shot in two sets: first", a);
    CHECK(connect(client, &none, sizeof none));
    close(peer);
    show_quiet("one-shot in two sets: disconnected", a);
    peer = join(client);
    send_byte(peer);
    show_quiet("one-shot in two sets: connected again", a);
    show("one-shot in two sets: the other", b);
    fact_call("one-shot in two sets: armed", control(a, EPOLL_CTL_MOD, client, EPOLLIN | EPOLLONESHOT, 21));
    show("one-shot in two sets: armed: events", a);
    show_quiet("one-shot in two sets: fired", a);
    fact_call("one-shot in two sets: deleted", control(a, EPOLL_CTL_DEL, client, 0, 0));
    close_both(client, peer);
    close_both(a, b);
}

/* A datagram worker disarms its socket by reading, and connects it while it holds it. */
static void one_shot_datagrams(void) {
    int set = new_set(), fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), peer = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(peer, &at.any, at.length));
    address to = name_of(peer), from = unwritten();
    char data[4];
    add(set, fd, EPOLLOUT | EPOLLONESHOT, 30);
    show("datagram one-shot: writable", set);
    CHECK(connect(fd, &to.any, to.length));
    show_quiet("datagram one-shot: connected", set);
    CHECK(send(fd, "q", 1, 0));
    CHECK(recvfrom(peer, data, sizeof data, 0, &from.any, &from.length));
    fact_call("datagram one-shot: armed", control(set, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT, 31));
    CHECK(sendto(peer, "a", 1, 0, &from.any, from.length));
    show("datagram one-shot: an answer", set);
    CHECK(connect(fd, &none, sizeof none));
    show_quiet("datagram one-shot: disconnected", set);
    fact_call("datagram one-shot: armed again", control(set, EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLONESHOT, 32));
    show("datagram one-shot: armed again: events", set);
    close_both(fd, peer);
    close(set);
}

/* A socket does not inherit the registration of a closed one with its number. */
static void one_shot_number_reused(void) {
    int set = new_set(), client = next_socket(), other = next_socket();
    fired(set, client, EPOLLIN);
    int peer = join(client);
    CHECK(dup2(other, client));
    fact_call("number of a fired one-shot: added", control(set, EPOLL_CTL_ADD, client, EPOLLIN, 1));
    fact_call("number of a fired one-shot: added twice", control(set, EPOLL_CTL_ADD, client, EPOLLIN, 1));
    fact_call("number of a fired one-shot: deleted", control(set, EPOLL_CTL_DEL, client, 0, 0));
    fact_call("number of a fired one-shot: deleted twice", control(set, EPOLL_CTL_DEL, client, 0, 0));
    close_both(client, other);
    close_both(peer, set);
}

int main(void) {
    start();
    one_shots("level", 0);
    one_shots("edge", EPOLLET);
    one_shot_left();
    one_shot_in_two_sets();
    one_shot_datagrams();
    one_shot_number_reused();
    return 0;
}
