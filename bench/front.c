/*
 * Measures a front between a TCP port and a Unix socket, from both its sides. `front serve PATH` is the server. A
 * connection's first byte chooses the answer. T: the next long is a number of megabytes; the server receives them, and
 * answers. L: answers a second after the client's half-close. E: echoes all bytes. `front T|L|E|H PORT N` is the
 * client: T sends N megabytes, L asks for one late answer, E makes N connections one after the other, H makes N at
 * once. Prints the seconds; for H, how many connections were answered.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256 * 1024)
#define MEGABYTE (1024 * 1024)
#define STACK (64 * 1024 + PIECE)

static void *serve(void *argument) {
    int fd = (int)(intptr_t)argument;
    char *piece = malloc(PIECE);
    long megabytes = 0;
    ssize_t count = recv(fd, piece, 1, 0);
    char kind = count == 1 ? piece[0] : 'E';
    if (kind == 'E' && count == 1)
        send(fd, piece, 1, MSG_NOSIGNAL);
    long left = kind == 'T' && recv(fd, &megabytes, sizeof(megabytes), MSG_WAITALL) > 0 ? megabytes * MEGABYTE : 1;
    while (left > 0 && (count = recv(fd, piece, PIECE, 0)) > 0) {
        left -= kind == 'T' ? count : 0;
        if (kind == 'E')
            send(fd, piece, (size_t)count, MSG_NOSIGNAL);
    }
    if (kind == 'L')
        sleep(1);
    if (kind != 'E')
        send(fd, "!", 1, MSG_NOSIGNAL);
    close(fd);
    free(piece);
    return NULL;
}

static int serve_all(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    strncpy(name.sun_path, path, sizeof(name.sun_path) - 1);
    if (bind(listener, (struct sockaddr *)&name, sizeof(name)) < 0 || listen(listener, 4096) < 0)
        return 1;
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, &attributes, serve, (void *)(intptr_t)fd) != 0)
            close(fd);
    }
}

static int dial(int port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {5, 0};
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool is_answered(int fd) {
    char byte;
    return fd >= 0 && recv(fd, &byte, 1, 0) == 1;
}

static bool echo(int fd) {
    return fd >= 0 && send(fd, "E", 1, MSG_NOSIGNAL) == 1 && is_answered(fd);
}

static bool send_all(int port, char kind, long megabytes) {
    static char piece[PIECE];
    int fd = dial(port);
    bool good = fd >= 0 && send(fd, &kind, 1, MSG_NOSIGNAL) == 1;
    if (good && kind == 'T')
        good = send(fd, &megabytes, sizeof(megabytes), MSG_NOSIGNAL) > 0;
    for (long i = 0; good && i < megabytes * (MEGABYTE / PIECE); i++)
        good = send(fd, piece, PIECE, MSG_NOSIGNAL) == PIECE;
    if (kind == 'L')
        shutdown(fd, SHUT_WR);
    good = good && is_answered(fd);
    close(fd);
    return good;
}

static long hold(int port, long count) {
    int *all = calloc((size_t)count, sizeof(*all));
    long answered = 0;
    for (long i = 0; i < count; i++)
        all[i] = dial(port);
    for (long i = 0; i < count; i++)
        answered += echo(all[i]);
    for (long i = 0; i < count; i++)
        close(all[i]);
    free(all);
    return answered;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve_all(argv[2]);
    if (argc != 4)
        return 2;
    int port = atoi(argv[2]);
    long count = atol(argv[3]);
    char kind = argv[1][0];
    double begun = now();
    bool good = true;
    if (kind == 'H') {
        printf("%ld\n", hold(port, count));
        return 0;
    }
    for (long i = 0; kind == 'E' && good && i < count; i++) {
        int fd = dial(port);
        good = echo(fd);
        close(fd);
    }
    if (kind != 'E')
        good = send_all(port, kind, count);
    if (!good)
        return 1;
    printf("%.6f\n", now() - begun);
    return 0;
}
