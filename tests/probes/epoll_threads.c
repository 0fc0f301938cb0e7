/*
 * One thread waits for all events, while others close connections and make new ones, which get the same numbers: an
 * event of a closed connection must change nothing about the new one with its number.
 */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define ROUNDS 3000
#define WORKERS 2

static int set, server;
static atomic_bool over;
static atomic_int nameless, failed, refused_writes;
static pthread_mutex_t accepting = PTHREAD_MUTEX_INITIALIZER;

static void *waits(void *nothing) {
    struct epoll_event events[16];
    while (!over)
        epoll_wait(set, events, 16, 50);
    return nothing;
}

static void once(void) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
    address name = name_of(server), peer_name = unwritten();
    int error = 0;
    socklen_t length = sizeof error;
    pthread_mutex_lock(&accepting);
    int client = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    event.data.fd = client;
    if (connect(client, &name.any, name.length) < 0 && errno != EINPROGRESS)
        failed++;
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, client, &event));
    struct pollfd writable = {.fd = client, .events = POLLOUT};
    CHECK(poll(&writable, 1, 5000));
    CHECK(getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &length));
    failed += error != 0;
    nameless += getpeername(client, &peer_name.any, &peer_name.length) < 0;
    int peer = CHECK(accept(server, NULL, NULL));
    pthread_mutex_unlock(&accepting);
    refused_writes += send(client, "x", 1, MSG_NOSIGNAL) != 1;
    CHECK(close(peer)); /* the client hangs up, or is reset */
    CHECK(close(client));
}

static void *works(void *nothing) {
    for (int i = 0; i < ROUNDS; i++)
        once();
    return nothing;
}

int main(void) {
    pthread_t waiter, workers[WORKERS];
    probe_start();
    set = CHECK(epoll_create1(0));
    server = listening("127.0.0.1", 0);
    CHECK(-pthread_create(&waiter, NULL, waits, NULL));
    for (int i = 0; i < WORKERS; i++)
        CHECK(-pthread_create(&workers[i], NULL, works, NULL));
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i], NULL);
    over = true;
    pthread_join(waiter, NULL);
    close(server);
    fact("connects that failed", "%d", (int)failed);
    fact("connections without a peer's name", "%d", (int)nameless);
    fact("first writes that were refused", "%d", (int)refused_writes);
    return 0;
}
