/* Work before the data: sockets that are bound, made and closed, duplicated and forked. */
#include "workload.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONNECTIONS_OF_A_SERVER 1000

/* Returns the n-th address after the workload's own. */
static struct endpoint beside(const struct endpoint *from, long n, int type) {
    struct endpoint endpoint = *from;
    struct sockaddr_un *un = (struct sockaddr_un *)&endpoint.address;
    struct sockaddr_in *in = (struct sockaddr_in *)&endpoint.address;
    endpoint.type = type;
    if (endpoint.local)
        snprintf(un->sun_path + strlen(un->sun_path), 16, ".%s%ld", type == SOCK_DGRAM ? "d" : "s", n);
    else
        in->sin_port = htons((uint16_t)(ntohs(in->sin_port) + 1 + n));
    return endpoint;
}

/* An AF_UNIX program removes its own files. */
static void end_server(int fd, const struct endpoint *endpoint) {
    close(fd);
    if (endpoint->local)
        must(unlink(((const struct sockaddr_un *)&endpoint->address)->sun_path), "unlink");
}

/* Opens the sockets of numbers `first` to before `end`: half of them streams. They stay open until the process ends. */
static void hold_share(const struct run *run, long first, long end) {
    for (long i = first; i < end; i++) {
        struct endpoint endpoint = beside(&run->endpoint, i, i % 2 ? SOCK_DGRAM : SOCK_STREAM);
        open_server(&endpoint);
    }
}

void hold_sockets(const struct run *run) {
    if (run->holders == 0)
        hold_share(run, 0, run->held);
    for (long i = 0; i < run->holders; i++) {
        if (must(fork(), "fork") == 0) {
            hold_share(run, run->held * i / run->holders, run->held * (i + 1) / run->holders);
            sem_post(&run->shared->holding);
            await(&run->shared->release);
            exit(0);
        }
        await(&run->shared->holding);
    }
}

void drop_sockets(const struct run *run) {
    for (long i = 0; i < run->holders; i++)
        sem_post(&run->shared->release);
    for (long i = 0; i < run->holders; i++)
        must(wait(NULL), "wait");
    for (long i = 0; i < run->held && run->endpoint.local; i++) {
        struct endpoint endpoint = beside(&run->endpoint, i, i % 2 ? SOCK_DGRAM : SOCK_STREAM);
        unlink(((const struct sockaddr_un *)&endpoint.address)->sun_path);
    }
}

static void bind_and_close(struct run *run) {
    struct endpoint endpoint = beside(&run->endpoint, run->held, SOCK_STREAM);
    double start = now();
    for (long i = 0; i < run->count; i++)
        end_server(open_server(&endpoint), &endpoint);
    run->seconds = now() - start;
}

const struct workload listeners = {"listeners", 0, NULL, bind_and_close};

static void close_each(struct run *run, int type) {
    int *fds = malloc((size_t)run->count * sizeof(*fds));
    if (!fds)
        must(-1, "malloc");
    for (long i = 0; i < run->count; i++) {
        struct endpoint endpoint = beside(&run->endpoint, i, type);
        fds[i] = open_server(&endpoint);
    }
    double start = now();
    for (long i = 0; i < run->count; i++) {
        struct endpoint endpoint = beside(&run->endpoint, i, type);
        end_server(fds[i], &endpoint);
    }
    run->seconds = now() - start;
}

static void close_listeners(struct run *run) {
    close_each(run, SOCK_STREAM);
}

static void close_datagram_servers(struct run *run) {
    close_each(run, SOCK_DGRAM);
}

const struct workload closings = {"closings", 0, NULL, close_listeners};
const struct workload datagram_closings = {"datagram-closings", 0, NULL, close_datagram_servers};

/* Answers requests, each from a new client, as resolvers send them. */
static void answer_each(struct run *run) {
    char message[MESSAGE];
    for (long i = 0; i < run->count; i++) {
        struct sockaddr_storage peer;
        socklen_t length = sizeof(peer);
        must(recvfrom(run->listener, message, MESSAGE, 0, (struct sockaddr *)&peer, &length), "recvfrom");
        must(sendto(run->listener, message, MESSAGE, 0, (struct sockaddr *)&peer, length), "sendto");
    }
    /* The client measures its time: the server ends afterwards. */
    await(&run->shared->leave);
}

static void ask_once_each(struct run *run) {
    char message[MESSAGE] = {0};
    double start = now();
    for (long i = 0; i < run->count; i++) {
        int fd = open_client(&run->endpoint);
        must(connect(fd, (const struct sockaddr *)&run->endpoint.address, run->endpoint.length), "connect");
        must(send(fd, message, MESSAGE, 0), "send");
        must(recv(fd, message, MESSAGE, 0), "recv");
        close(fd);
        if (run->endpoint.local)
            must(unlink(run->endpoint.client_path), "unlink");
    }
    run->seconds = now() - start;
    sem_post(&run->shared->leave);
}

const struct workload datagram_clients = {"datagram-clients", SOCK_DGRAM, answer_each, ask_once_each};

static void duplicate(struct run *run) {
    struct endpoint endpoint = beside(&run->endpoint, run->held, SOCK_STREAM);
    int listener = open_server(&endpoint), client = open_client(&endpoint);
    double start = now();
    for (long i = 0; i < run->count; i++) {
        int copy = (int)must(dup(client), "dup"), on = i % 2 == 0;
        must(setsockopt(copy, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)), "setsockopt");
        close(copy);
    }
    run->seconds = now() - start;
    close(client);
    end_server(listener, &endpoint);
}

const struct workload duplicates = {"duplicates", 0, NULL, duplicate};

static void fork_and_exit(struct run *run) {
    struct endpoint endpoint = beside(&run->endpoint, run->held, SOCK_STREAM);
    int listener = open_server(&endpoint);
    for (long i = 0; i < CONNECTIONS_OF_A_SERVER; i++) {
        open_client(&endpoint);
        accept_client(listener);
    }
    double start = now();
    for (long i = 0; i < run->count; i++) {
        pid_t child = (pid_t)must(fork(), "fork");
        if (child == 0)
            _exit(0);
        must(waitpid(child, NULL, 0), "waitpid");
    }
    run->seconds = now() - start;
    end_server(listener, &endpoint);
}

const struct workload forks = {"forks", 0, NULL, fork_and_exit};
