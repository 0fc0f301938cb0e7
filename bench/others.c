/* Calls on descriptors other than sockets, which no socket library should slow down; and getsockname on a socket. */
#include "workload.h"

#include <sys/epoll.h>
#include <unistd.h>

static void use_others(struct run *run) {
    int ends[2], set = (int)must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct epoll_event event = {.events = EPOLLIN};
    must(pipe(ends), "pipe");
    int spare = (int)must(dup(ends[1]), "dup");
    double start = now();
    for (long i = 0; i < run->count; i++) {
        must(dup2(ends[0], spare), "dup2");
        must(epoll_ctl(set, EPOLL_CTL_ADD, spare, &event), "epoll_ctl");
        must(epoll_ctl(set, EPOLL_CTL_DEL, spare, &event), "epoll_ctl");
        must(close(spare), "close");
    }
    run->seconds = now() - start;
}

const struct workload others = {"others", 0, NULL, use_others};

static void ask_names(struct run *run) {
    int server = open_server(&run->endpoint);
    struct sockaddr_storage name;
    double start = now();
    for (long i = 0; i < run->count; i++) {
        socklen_t length = sizeof(name);
        must(getsockname(server, (struct sockaddr *)&name, &length), "getsockname");
    }
    run->seconds = now() - start;
    must(close(server), "close");
}

const struct workload names = {"names", SOCK_STREAM, NULL, ask_names};
