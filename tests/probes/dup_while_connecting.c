/* A duplicate that one thread makes while another connects: it has the connection, or can be connected itself. */
#include "probe.h"

#include <pthread.h>

#define ROUNDS 300

static pthread_barrier_t begin, end;
static int original, copy;

static void *duplicate(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_barrier_wait(&begin);
        copy = dup(original);
        pthread_barrier_wait(&end);
    }
    return unused;
}

static bool is_usable(int fd, int port) {
    address remote = unwritten();
    if (getpeername(fd, &remote.any, &remote.length) == 0)
        return port_of(&remote) == port;
    return connect_to(fd, "127.0.0.1", port) == 0;
}

int main(void) {
    pthread_t thread;
    int server = listening("127.0.0.1", 0), port = own_port(server), connections = 0, usable = 0;
    pthread_barrier_init(&begin, NULL, 2);
    pthread_barrier_init(&end, NULL, 2);
    if (pthread_create(&thread, NULL, duplicate, NULL) != 0)
        die("pthread_create");
    for (int i = 0; i < ROUNDS; i++) {
        original = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        pthread_barrier_wait(&begin);
        connections += connect_to(original, "127.0.0.1", port) == 0;
        pthread_barrier_wait(&end);
        usable += copy >= 0 && is_usable(copy, port);
        close(copy);
        close(original);
        fcntl(server, F_SETFL, O_NONBLOCK);
        for (int peer; (peer = accept(server, NULL, NULL)) >= 0;)
            close(peer);
    }
    pthread_join(thread, NULL);
    close(server);
    fact("connections", "%d of %d", connections, ROUNDS);
    fact("duplicates that have the peer, or can be connected", "%d of %d", usable, ROUNDS);
    return 0;
}
