/* Sockets of a server and its client, and the helpers that every workload needs. */
#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

long must(long result, const char *what) {
    if (result >= 0)
        return result;
    fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
    exit(1);
}

double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void read_all(int fd, void *data, size_t size) {
    for (size_t done = 0; done < size;) {
        long part = must(read(fd, (char *)data + done, size - done), "read");
        if (part == 0) {
            fprintf(stderr, "workload: read: the peer has left\n");
            exit(1);
        }
        done += (size_t)part;
    }
}

void write_all(int fd, const void *data, size_t size) {
    for (size_t done = 0; done < size;)
        done += (size_t)must(write(fd, (const char *)data + done, size - done), "write");
}

void await(sem_t *semaphore) {
    while (sem_wait(semaphore) < 0)
        if (errno != EINTR)
            must(-1, "sem_wait");
}

static int open_socket(const struct endpoint *endpoint) {
    int family = endpoint->local ? AF_UNIX : endpoint->address.ss_family;
    return (int)must(socket(family, endpoint->type | SOCK_CLOEXEC, 0), "socket");
}

int open_server(const struct endpoint *endpoint) {
    int fd = open_socket(endpoint);
    int on = 1;
    if (!endpoint->local)
        must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
    must(bind(fd, (const struct sockaddr *)&endpoint->address, endpoint->length), "bind");
    if (endpoint->type == SOCK_STREAM)
        must(listen(fd, SOMAXCONN), "listen");
    return fd;
}

int open_client(const struct endpoint *endpoint) {
    int fd = open_socket(endpoint);
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    if (endpoint->type == SOCK_STREAM) {
        must(connect(fd, (const struct sockaddr *)&endpoint->address, endpoint->length), "connect");
    } else if (endpoint->local) {
        memcpy(own.sun_path, endpoint->client_path, sizeof(own.sun_path));
        must(bind(fd, (const struct sockaddr *)&own, sizeof(own)), "bind");
    }
    return fd;
}

int accept_client(int listener) {
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    return (int)must(accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC), "accept4");
}

long private_memory(void) {
    char line[256];
    long sum = 0, part;
    FILE *file = fopen("/proc/self/smaps_rollup", "r");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "Private_Dirty: %ld", &part) == 1)
            sum += part << 10;
    if (file)
        fclose(file);
    return sum;
}
