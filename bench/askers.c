/* A datagram server and its clients: 100 that ask and read the answers, and beside them some that never read. */
#include "workload.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define READERS 100
#define DEAF_MOST 1000
#define LEAVE 1

/* Answers every request. An answer for which the client's queue has no room is lost, as over UDP. */
static void answer_all(struct run *run) {
    char message[MESSAGE];
    struct sockaddr_storage peer;
    do {
        socklen_t length = sizeof(peer);
        must(recvfrom(run->listener, message, MESSAGE, 0, (struct sockaddr *)&peer, &length), "recvfrom");
        if (sendto(run->listener, message, MESSAGE, 0, (struct sockaddr *)&peer, length) < 0 && errno != EAGAIN)
            must(-1, "sendto");
    } while (message[0] != LEAVE);
}

static void ask(const struct run *run, int fd, const char *message) {
    const struct sockaddr *to = (const struct sockaddr *)&run->endpoint.address;
    must(sendto(fd, message, MESSAGE, 0, to, run->endpoint.length), "sendto");
}

/* `held` askers never read their answers. Counts only the answers of the others. */
static void ask_in_turn(struct run *run) {
    char message[MESSAGE] = {0};
    int readers[READERS], deaf[DEAF_MOST];
    long many = run->held < DEAF_MOST ? run->held : DEAF_MOST;
    for (long i = 0; i < READERS; i++)
        readers[i] = open_client(&run->endpoint);
    for (long i = 0; i < many; i++)
        deaf[i] = open_client(&run->endpoint);
    double start = now();
    for (long done = 0; done < run->count; done++) {
        int reader = readers[done % READERS];
        if (many > 0 && done % READERS < many)
            ask(run, deaf[done % READERS % many], message);
        ask(run, reader, message);
        must(recv(reader, message, MESSAGE, 0), "recv");
    }
    run->seconds = now() - start;
    message[0] = LEAVE;
    ask(run, readers[0], message);
    must(recv(readers[0], message, MESSAGE, 0), "recv");
}

const struct workload askers = {"askers", SOCK_DGRAM, answer_all, ask_in_turn};
