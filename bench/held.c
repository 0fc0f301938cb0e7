/* Many connections at once: all are opened, each is asked once, then all are closed. The server waits by epoll. */
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 256

/* Allocates the array, and writes to it before memory is measured, so that only the connections count. */
static int *descriptors(long count) {
    int *fds = malloc((size_t)count * sizeof(*fds));
    if (!fds)
        must(-1, "malloc");
    for (long i = 0; i < count; i++)
        fds[i] = -1;
    return fds;
}

static void answer_all(int set, long count) {
    struct epoll_event events[EVENTS];
    char message[MESSAGE];
    for (long answered = 0; answered < count;) {
        long ready = must(epoll_wait(set, events, EVENTS, -1), "epoll_wait");
        for (long i = 0; i < ready; i++) {
            read_all(events[i].data.fd, message, MESSAGE);
            write_all(events[i].data.fd, message, MESSAGE);
        }
        answered += ready;
    }
}

static void serve_held(struct run *run) {
    int set = (int)must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int *fds = descriptors(run->count);
    long before = private_memory();
    for (long done = 0; done < run->count;) {
        await(&run->shared->announced);
        for (long i = 0; i < BATCH && done < run->count; i++, done++) {
            fds[done] = accept_client(run->listener);
            struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[done]};
            must(epoll_ctl(set, EPOLL_CTL_ADD, fds[done], &event), "epoll_ctl");
        }
        sem_post(&run->shared->served);
    }
    answer_all(set, run->count);
    run->shared->server_memory = private_memory() - before;
    await(&run->shared->leave);
    for (long i = 0; i < run->count; i++)
        close(fds[i]);
    sem_post(&run->shared->served);
}

static void hold(struct run *run) {
    int *fds = descriptors(run->count);
    char message[MESSAGE] = {0};
    long before = private_memory();
    double start = now();
    for (long done = 0; done < run->count;) {
        for (long i = 0; i < BATCH && done < run->count; i++, done++)
            fds[done] = open_client(&run->endpoint);
        sem_post(&run->shared->announced);
        await(&run->shared->served);
    }
    for (long i = 0; i < run->count; i++)
        write_all(fds[i], message, MESSAGE);
    for (long i = 0; i < run->count; i++)
        read_all(fds[i], message, MESSAGE);
    double measured = now();
    run->client_memory = private_memory() - before;
    sem_post(&run->shared->leave);
    double closing = now();
    for (long i = 0; i < run->count; i++)
        close(fds[i]);
    await(&run->shared->served);
    run->seconds = measured - start + now() - closing;
}

const struct workload held = {"held", SOCK_STREAM, serve_held, hold};
