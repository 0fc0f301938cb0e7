/* Streams: bulk data, short answers, short connections. */
#include "workload.h"

#include <unistd.h>

static char block[BLOCK];

static void serve_bulk(struct run *run) {
    int fd = accept_client(run->listener);
    while (must(read(fd, block, sizeof(block)), "read") > 0)
        ;
    close(fd);
    sem_post(&run->shared->served);
}

/* The clock stops when the server has read the last byte. */
static void send_bulk(struct run *run) {
    int fd = open_client(&run->endpoint);
    double start = now();
    for (long i = 0; i < run->count; i++)
        write_all(fd, block, sizeof(block));
    close(fd);
    await(&run->shared->served);
    run->seconds = now() - start;
}

const struct workload bulk = {"bulk", SOCK_STREAM, serve_bulk, send_bulk};

static void serve_round_trips(struct run *run) {
    int fd = accept_client(run->listener);
    for (long i = 0; i < run->count; i++) {
        read_all(fd, block, MESSAGE);
        write_all(fd, block, MESSAGE);
    }
    close(fd);
}

static void ask_round_trips(struct run *run) {
    int fd = open_client(&run->endpoint);
    double start = now();
    for (long i = 0; i < run->count; i++) {
        write_all(fd, block, MESSAGE);
        read_all(fd, block, MESSAGE);
    }
    run->seconds = now() - start;
    close(fd);
}

const struct workload round_trips = {"round-trips", SOCK_STREAM, serve_round_trips, ask_round_trips};

/* Accepts connections in batches: at a full backlog, TCP would drop a request, and repeat it after a second. */
static void serve_connections(struct run *run) {
    for (long done = 0; done < run->count;) {
        await(&run->shared->announced);
        for (long i = 0; i < BATCH && done < run->count; i++, done++)
            close(accept_client(run->listener));
        sem_post(&run->shared->served);
    }
}

static void come_and_go(struct run *run) {
    double start = now();
    for (long done = 0; done < run->count;) {
        for (long i = 0; i < BATCH && done < run->count; i++, done++)
            close(open_client(&run->endpoint));
        sem_post(&run->shared->announced);
        await(&run->shared->served);
    }
    run->seconds = now() - start;
}

const struct workload connections = {"connections", SOCK_STREAM, serve_connections, come_and_go};
