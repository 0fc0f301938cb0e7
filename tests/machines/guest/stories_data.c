/* Data on their way. */
#include "stories.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BIG 1000000

static uint8_t out[BIG], in[BIG];

static uint64_t sum(const uint8_t *bytes, size_t size) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3u;
    return hash;
}

static void fill(unsigned seed) {
    for (size_t i = 0; i < BIG; i++)
        out[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
}

static void fact_received(size_t n) {
    fact("%zu bytes, %s", n, sum(in, n) == sum(out, n) ? "the same" : "others");
}

static void echo(int fd) {
    char line[64];
    get_line(fd, line, sizeof(line));
    put_line(fd, line);
    close(fd);
}

static void ask_echo(int fd) {
    char line[64];
    put_line(fd, "hello");
    get_line(fd, line, sizeof(line));
    fact("%s", line);
    close(fd);
}

static void take_big(int fd) {
    fill(1);
    size_t n = get(fd, in, BIG);
    fact_received(n);
    put(fd, out, BIG);
    close(fd);
}

static void give_big(int fd) {
    fill(1);
    put(fd, out, BIG);
    fact_received(get(fd, in, BIG));
    close(fd);
}

static void *put_all(void *fd) {
    put(*(int *)fd, out, BIG);
    return NULL;
}

static void both_at_once(int fd) {
    pthread_t thread;
    fill(2);
    pthread_create(&thread, NULL, put_all, &fd);
    size_t n = get(fd, in, BIG);
    pthread_join(thread, NULL);
    fact_received(n);
    char byte;
    shutdown(fd, SHUT_WR);
    get(fd, &byte, 1);
    close(fd);
}

static void say_hundred(int fd) {
    char line[64];
    put(fd, out, 100);
    get_line(fd, line, sizeof(line));
    close(fd);
}

static void count_waiting(int fd) {
    int there = -1;
    comes(fd);
    fact_error("FIONREAD", ioctl(fd, FIONREAD, &there));
    fact("%d", there);
    put_line(fd, "done");
    close(fd);
}

static void peek(int fd) {
    comes(fd);
    fact("peek %zd", recv(fd, in, 10, MSG_PEEK));
    fact("read %zu", get(fd, in, 100));
    put_line(fd, "done");
    close(fd);
}

static void say_in_parts(int fd) {
    char line[64];
    for (int i = 0; i < 4; i++) {
        put(fd, out, 25);
        usleep(100000);
    }
    get_line(fd, line, sizeof(line));
    close(fd);
}

static void wait_for_all(int fd) {
    fact("recv %zd", recv(fd, in, 100, MSG_WAITALL));
    put_line(fd, "done");
    close(fd);
}

static void urgent(int fd) {
    ssize_t n = send(fd, "!", 1, MSG_OOB);
    fact("%s", n == 1 ? "taken" : "refused");
    put_line(fd, "done");
    close(fd);
}

static void read_line(int fd) {
    char line[64];
    get_line(fd, line, sizeof(line));
    fact("%s", line);
    close(fd);
}

static void read_with_limit(int fd) {
    struct timeval limit = {0, 200000};
    struct timespec begun, ended;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    clock_gettime(CLOCK_MONOTONIC, &begun);
    ssize_t n = read(fd, in, 1);
    int error = errno;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    long ms = (ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000;
    errno = error;
    fact_error("read", n);
    fact("%s", ms >= 190 && ms < 1500 ? "in time" : "at another time");
    put_line(fd, "done");
    close(fd);
}

static void send_file(int fd) {
    int file = memfd_create("file", 0);
    fill(1);
    if (write(file, out, 100000) != 100000)
        fact("no file");
    off_t at = 0;
    while (at < 100000 && sendfile(fd, file, &at, 100000 - (size_t)at) > 0)
        ;
    close(file);
    close(fd);
}

static void take_file(int fd) {
    fill(1);
    fact_received(get(fd, in, BIG));
    close(fd);
}

static void send_vectors(int fd) {
    fill(1);
    struct iovec parts[] = {{out, 10}, {out + 10, 20}, {out + 30, 30}};
    struct msghdr message = {.msg_iov = &parts[1], .msg_iovlen = 2};
    fact("writev %zd", writev(fd, parts, 1));
    fact("sendmsg %zd", sendmsg(fd, &message, 0));
    close(fd);
}

static void take_vectors(int fd) {
    struct iovec parts[] = {{in, 15}, {in + 15, 85}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    fill(1);
    ssize_t n = recvmsg(fd, &message, MSG_WAITALL);
    fact("flags %x", (unsigned)message.msg_flags);
    fact_received(n > 0 ? (size_t)n : 0);
    close(fd);
}

static void send_to_nobody(int fd) {
    struct sockaddr_in nobody = where;
    nobody.sin_port = htons((uint16_t)(ntohs(where.sin_port) + 1));
    for (int i = 0; i < 2; i++)
        fact_error("sendto", sendto(fd, "x", 1, 0, (struct sockaddr *)&nobody, sizeof(nobody)));
}

static void connect_to_nobody(int fd) {
    struct sockaddr_in nobody = where;
    nobody.sin_port = htons((uint16_t)(ntohs(where.sin_port) + 1));
    fact_error("connect", connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)));
    fact_error("send", send(fd, "x", 1, 0));
    usleep(300000);
    fact_error("send", send(fd, "x", 1, 0));
}

static void exchange_datagram(int fd, size_t size) {
    fill(3);
    ssize_t sent = sendto(fd, out, size, 0, (struct sockaddr *)&where, sizeof(where));
    if (sent < 0) {
        fact_error("sendto", sent);
        return;
    }
    struct sockaddr_in from = {0};
    socklen_t length = sizeof(from);
    ssize_t n = comes(fd) ? recvfrom(fd, in, BIG, 0, (struct sockaddr *)&from, &length) : -1;
    fact_received(n > 0 ? (size_t)n : 0);
    fact("from %s", from.sin_port == where.sin_port && from.sin_family == AF_INET ? "there" : "elsewhere");
}

static void small_datagram(int fd) {
    exchange_datagram(fd, 100);
}

static void large_datagram(int fd) {
    exchange_datagram(fd, 60000);
}

const struct story stories_of_data[] = {
    {"echo", ask_echo, echo},
    {"1 MB there and back", give_big, take_big},
    {"1 MB both ways at once, two threads", both_at_once, both_at_once},
    {"FIONREAD", count_waiting, say_hundred},
    {"MSG_PEEK", peek, say_hundred},
    {"MSG_WAITALL", wait_for_all, say_in_parts},
    {"urgent data", urgent, read_line},
    {"SO_RCVTIMEO", read_with_limit, read_line},
    {"sendfile", take_file, send_file},
    {"writev, sendmsg, recvmsg", take_vectors, send_vectors},
    {NULL, NULL, NULL},
};

const struct story stories_of_datagrams[] = {
    {"UDP echo", small_datagram, NULL},
    {"UDP, 60,000 bytes", large_datagram, NULL},
    {"UDP to nobody", send_to_nobody, NULL},
    {"UDP to nobody, connected", connect_to_nobody, NULL},
    {NULL, NULL, NULL},
};
