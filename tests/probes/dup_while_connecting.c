/* A duplicate that one thread makes while another connects has the connection, too. */
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

static bool has_peer(int fd, int port) {
    address remote = unwritten();
    return getpeername(fd, &remote.any, &remote.length) == 0 && port_of(&remote) == port;
}

int main(void) {
    pthread_t thread;
    int server = listening("127.0.0.1", 0), port = own_port(server), connections = 0, told = 0;
    pthread_barrier_init(&begin, NULL, 2);
    pthread_barrier_init(&end, NULL, 2);
    if (pthread_create(&thread, NULL, duplicate, NULL) != 0)
        die("pthread_create");
    for (int i = 0; i < ROUNDS; i++) {
        original = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        pthread_barrier_wait(&begin);
        connections += connect_to(original, "127.0.0.1", port) == 0;
        pthread_barrier_wait(&end);
        told += copy >= 0 && has_peer(copy, port);
        close(copy);
        close(original);
        fcntl(server, F_SETFL, O_NONBLOCK);
        for (int peer; (peer = accept(server, NULL, NULL)) >= 0;)
            close(peer);
    }
    pthread_join(thread, NULL);
    close(server);
    fact("connections", "%d of %d", connections, ROUNDS);
    fact("duplicates that have the peer", "%d of %d", told, ROUNDS);
    return 0;
}
