/* Eight threads create, connect, bind and close sockets while others block in accept: nothing is lost or mixed up. */
#include "probe.h"

#include <pthread.h>
#include <stdatomic.h>

#define CLIENTS 8
#define ACCEPTORS 4
#define ROUNDS 150

static int server, port;
static atomic_int accepted, echoed, wrong, binds, failed;

static void *accept_all(void *unused) {
    (void)unused;
    while (true) {
        address seen = unwritten(), told;
        int peer = accept(server, &seen.any, &seen.length);
        if (peer < 0)
            die("accept");
        ssize_t got = recv(peer, &told, sizeof told, MSG_WAITALL);
        if (got == 1) {
            close(peer);
            return NULL;
        }
        /* The client told its own name: it must be the one that accept saw, whatever other threads do. */
        if (got != sizeof told || !same_address(&seen, &told))
            wrong++;
        accepted++;
        send_byte(peer);
        close(peer);
    }
}

static void *connect_all(void *number) {
    for (int i = 0; i < ROUNDS; i++) {
        int client = connected("127.0.0.1", port);
        address own = name_of(client), remote = peer_of(client);
        if (port_of(&remote) != port)
            wrong++;
        if (write(client, &own, sizeof own) != sizeof own)
            failed++;
        if (wait_byte(client))
            echoed++;
        close(client);
        if (i % 10 != 0)
            continue;
        /* Listeners come and go meanwhile, and each has its own clients. */
        int other = listening("127.0.0.1", 0), other_port = own_port(other);
        client = connected("127.0.0.1", other_port);
        int peer = CHECK(accept(other, NULL, NULL));
        unsigned char sent = (unsigned char)((uintptr_t)number * 16 + (uintptr_t)i), byte = 0;
        if (write(client, &sent, 1) != 1 || read(peer, &byte, 1) != 1 || byte != sent)
            wrong++;
        binds++;
        close(peer);
        close(client);
        close(other);
    }
    return NULL;
}

/* A blocked accept lives on while another descriptor of the process is redirected, and ends with a connection. */
static void *one_accept(void *fd) {
    int peer = accept((int)(intptr_t)fd, NULL, NULL);
    if (peer >= 0)
        close(peer);
    return (void *)(intptr_t)(peer >= 0);
}

int main(void) {
    probe_start();
    pthread_t clients[CLIENTS], acceptors[ACCEPTORS], single;
    server = listening("127.0.0.1", 0);
    port = own_port(server);
    for (int i = 0; i < ACCEPTORS; i++)
        if (pthread_create(&acceptors[i], NULL, accept_all, NULL) != 0)
            die("pthread_create");
    for (int i = 0; i < CLIENTS; i++)
        if (pthread_create(&clients[i], NULL, connect_all, (void *)(uintptr_t)i) != 0)
            die("pthread_create");
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    for (int i = 0; i < ACCEPTORS; i++) {
        int last = connected("127.0.0.1", port);
        send_byte(last);
        shutdown(last, SHUT_WR);
        char byte;
        while (read(last, &byte, 1) > 0) {
        }
        close(last);
    }
    for (int i = 0; i < ACCEPTORS; i++)
        pthread_join(acceptors[i], NULL);
    fact("accepted", "%d", accepted);
    fact("echoed", "%d", echoed);
    fact("other listeners", "%d", binds);
    fact("wrong", "%d", wrong);
    fact("failed", "%d", failed);
    if (pthread_create(&single, NULL, one_accept, (void *)(intptr_t)server) != 0)
        die("pthread_create");
    for (int i = 0; i < 50; i++)
        close(listening("127.0.0.1", 0));
    int client = connected("127.0.0.1", port);
    void *result;
    pthread_join(single, &result);
    fact_yes("the blocked accept ends with a connection", result != NULL);
    close(client);
    close(server);
    return 0;
}
