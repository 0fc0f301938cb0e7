/* poll and epoll on a connection whose buffer is full. In TCP, a socket shut down for writing is writable: EPIPE. */
#include "endings.h"

#include <sys/epoll.h>

enum own { NOTHING, WRITE, READ, BOTH, OWNS };

static const char *const own_names[OWNS] = {"", ", shut write", ", shut read", ", shut both"};

static void fill(int fd) {
    static char much[65536];
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    while (write(fd, much, sizeof much) > 0)
        ;
    if (errno != EAGAIN)
        die("not full");
}

static unsigned told_by_epoll(int fd) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP}, told = {0};
    int set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
    CHECK(epoll_wait(set, &told, 1, 100));
    close(set);
    return told.events;
}

static void ask(enum end end, enum own own) {
    char name[120];
    struct pair pair = make_pair(end == SHUT_WRITE);
    fill(pair.fd);
    if (end == CLOSED) {
        close_peer(&pair);
        ready(pair.fd, 0, 5000);
    } else
        peer_ends(&pair, end);
    snprintf(name, sizeof name, "%s%s", end_names[end], own_names[own]);
    if (own != NOTHING)
        CHECK(shutdown(pair.fd, own == WRITE ? SHUT_WR : own == READ ? SHUT_RD : SHUT_RDWR));
    int told = ready(pair.fd, POLLIN | POLLOUT | POLLRDHUP, 100);
    fact(name, "poll 0x%x, epoll 0x%x", told, told_by_epoll(pair.fd));
    drop_pair(&pair);
}

int main(void) {
    probe_start();
    signal(SIGPIPE, SIG_IGN);
    for (int own = NOTHING; own < OWNS; own++) {
        ask(OPEN, (enum own)own);
        ask(SHUT_WRITE, (enum own)own);
    }
    ask(CLOSED, NOTHING);
    return 0;
}
