/* Datagrams there and back between sockets that are not connected: the answer goes to the request's source address. */
#include "workload.h"

#include <unistd.h>

static void answer(struct run *run) {
    char message[MESSAGE];
    struct sockaddr_storage peer;
    for (long i = 0; i < run->count; i++) {
        socklen_t length = sizeof(peer);
        struct sockaddr *name = (struct sockaddr *)&peer;
        long size = must(recvfrom(run->listener, message, sizeof(message), 0, name, &length), "recvfrom");
        must(sendto(run->listener, message, (size_t)size, 0, name, length), "sendto");
    }
}

static void ask(struct run *run) {
    char message[MESSAGE] = {0};
    struct sockaddr_storage peer;
    int fd = open_client(&run->endpoint);
    double start = now();
    for (long i = 0; i < run->count; i++) {
        socklen_t length = sizeof(peer);
        const struct sockaddr *to = (const struct sockaddr *)&run->endpoint.address;
        must(sendto(fd, message, sizeof(message), 0, to, run->endpoint.length), "sendto");
        must(recvfrom(fd, message, sizeof(message), 0, (struct sockaddr *)&peer, &length), "recvfrom");
    }
    run->seconds = now() - start;
    close(fd);
}

const struct workload datagrams = {"datagrams", SOCK_DGRAM, answer, ask};
