/*
 * Ordinary programs that keep message boundaries: a UDP echo server and its client, and the same over AF_UNIX sockets
 * by path. They have no code for unsock; without it, real UDP and real AF_UNIX sockets are the oracle.
 *
 *   packets serve|ask udp ADDRESS PORT    packets serve|ask seqpacket PATH
 *
 * The server prints "listening", then "from ADDRESS" for the first message, and ends after the last echo.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60
#define MESSAGES 20
#define LONGEST 5000

static struct sockaddr_storage address; /* as given on the command line */
static socklen_t address_length;
static int type;

static void parse(char **arguments) {
    if (strcmp(arguments[0], "udp") == 0) {
        struct sockaddr_in *in = (struct sockaddr_in *)&address;
        in->sin_family = AF_INET;
        in->sin_port = htons((uint16_t)atoi(arguments[2]));
        if (inet_pton(AF_INET, arguments[1], &in->sin_addr) != 1)
            fail("%s is no IPv4 address", arguments[1]);
        address_length = sizeof *in;
        type = SOCK_DGRAM;
    } else {
        struct sockaddr_un *un = (struct sockaddr_un *)&address;
        un->sun_family = AF_UNIX;
        strncpy(un->sun_path, arguments[1], sizeof un->sun_path - 1);
        address_length = sizeof *un;
        type = SOCK_SEQPACKET;
    }
}

static size_t length_of(int message) {
    return (size_t)message * (LONGEST / MESSAGES) + 1;
}

static void fill(char *buffer, int message) {
    for (size_t i = 0; i < length_of(message); i++)
        buffer[i] = (char)(i * 7 + (size_t)message);
}

static int new_socket(void) {
    int fd = socket(address.ss_family, type, 0);
    if (fd < 0)
        fail("socket");
    return fd;
}

static void serve(void) {
    char buffer[LONGEST + 1];
    struct sockaddr_storage from = {0};
    int fd = new_socket();
    if (bind(fd, (struct sockaddr *)&address, address_length) != 0)
        fail("bind");
    if (type != SOCK_DGRAM && listen(fd, 1) != 0)
        fail("listen");
    printf("listening\n");
    fflush(stdout);
    if (type != SOCK_DGRAM && (fd = accept(fd, NULL, NULL)) < 0)
        fail("accept");
    for (int i = 0; i < MESSAGES; i++) {
        struct sockaddr *peer = type == SOCK_DGRAM ? (struct sockaddr *)&from : NULL;
        socklen_t length = peer != NULL ? sizeof from : 0;
        ssize_t n = recvfrom(fd, buffer, sizeof buffer, 0, peer, &length);
        if (n < 0)
            fail("recvfrom");
        if (i == 0 && peer != NULL)
            print_address("from", &from, length);
        if (sendto(fd, buffer, (size_t)n, 0, peer, length) != n)
            fail("sendto, the answer");
    }
}

static void ask(void) {
    char sent[LONGEST + 1], received[LONGEST + 1];
    int fd = new_socket();
    if (type != SOCK_DGRAM && connect(fd, (struct sockaddr *)&address, address_length) != 0)
        fail("connect");
    for (int i = 0; i < MESSAGES; i++) {
        fill(sent, i);
        struct sockaddr *to = type == SOCK_DGRAM ? (struct sockaddr *)&address : NULL;
        ssize_t n = sendto(fd, sent, length_of(i), 0, to, to != NULL ? address_length : 0);
        if (n != (ssize_t)length_of(i))
            fail("sendto");
        n = recv(fd, received, sizeof received, 0);
        if (n < 0)
            fail("recv");
        errno = 0;
        if (n != (ssize_t)length_of(i))
            fail("message %d has %zd bytes, not %zu", i, n, length_of(i));
        if (memcmp(sent, received, (size_t)n) != 0)
            fail("message %d differs", i);
    }
}

int main(int argc, char **argv) {
    if (argc < 4)
        fail("usage: packets serve|ask udp ADDRESS PORT | serve|ask seqpacket PATH");
    alarm(DEADLINE_SECONDS);
    parse(argv + 2);
    if (strcmp(argv[1], "serve") == 0)
        serve();
    else
        ask();
    return 0;
}
