/*
 * Usage: operations HELD | nothing
 *
 * Does each operation once, between two marks that a tracer sees (faccessat of "/begin/NAME" and "/end/NAME"), while
 * the process holds HELD listeners, as many UDP servers and as many connections. Work that a process does only once
 * (reading the range of ports, say) is done before. With "nothing" there are no sockets: it counts forks.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT 9000
#define PORT_HELD 10000

static long must(long result, const char *what) {
    if (result >= 0)
        return result;
    fprintf(stderr, "operations: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void mark(const char *side, const char *name) {
    char path[64];
    snprintf(path, sizeof(path), "/%s/%s", side, name);
    syscall(SYS_faccessat, AT_FDCWD, path, F_OK);
}

static void begin(const char *name) {
    mark("begin", name);
}

static void end(const char *name) {
    mark("end", name);
}

static struct sockaddr_in at(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static int opened(int type) {
    return (int)must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");
}

static void bind_to(int fd, int port) {
    struct sockaddr_in address = at(port);
    must(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
}

static void connect_to(int fd, int port) {
    struct sockaddr_in address = at(port);
    must(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
}

static void send_to(int fd, int port) {
    struct sockaddr_in address = at(port);
    must(sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof(address)), "sendto");
}

static int accepted(int listener) {
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    return (int)must(accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC), "accept4");
}

static int received(int fd, struct sockaddr_in *peer) {
    char byte;
    socklen_t length = sizeof(*peer);
    return (int)must(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)peer, &length), "recvfrom");
}

static int listening(int port) {
    int fd = opened(SOCK_STREAM);
    bind_to(fd, port);
    must(listen(fd, 64), "listen");
    return fd;
}

/* Left open: what is held, from number `first` on. */
static void hold(int first, int count) {
    for (int i = first; i < count; i++) {
        int listener = listening(PORT_HELD + i);
        bind_to(opened(SOCK_DGRAM), PORT_HELD + i);
        connect_to(opened(SOCK_STREAM), PORT_HELD + i);
        accepted(listener);
    }
}

/* Waits by epoll for the end of a closed connection: the second one of the process counts. */
static void hear_of_ends(int listener) {
    int set = (int)must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (int i = 0; i < 2; i++) {
        int client = opened(SOCK_STREAM);
        connect_to(client, PORT);
        int server = accepted(listener);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = server};
        must(epoll_ctl(set, EPOLL_CTL_ADD, server, &event), "epoll_ctl");
        close(client);
        begin("hear of an end");
        must(epoll_wait(set, &event, 1, -1), "epoll_wait");
        end("hear of an end");
        close(server);
    }
    close(set);
}

static void streams(void) {
    begin("socket");
    int listener = opened(SOCK_STREAM);
    end("socket");
    begin("bind");
    bind_to(listener, PORT);
    end("bind");
    begin("listen");
    must(listen(listener, 64), "listen");
    end("listen");
    int client = opened(SOCK_STREAM);
    begin("connect");
    connect_to(client, PORT);
    end("connect");
    begin("accept");
    int server = accepted(listener);
    end("accept");
    hear_of_ends(listener);
    int other = opened(SOCK_STREAM);
    begin("connect once more");
    connect_to(other, PORT);
    end("connect once more");
    close(other);
    struct sockaddr_in *elsewhere = malloc(sizeof(*elsewhere));
    *elsewhere = at(PORT);
    other = opened(SOCK_STREAM);
    begin("connect, with the address on the heap");
    must(connect(other, (struct sockaddr *)elsewhere, sizeof(*elsewhere)), "connect");
    end("connect, with the address on the heap");
    free(elsewhere);
    struct linger reset = {.l_onoff = 1};
    must(setsockopt(other, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), "setsockopt");
    begin("close with SO_LINGER 0");
    close(other);
    end("close with SO_LINGER 0");
    begin("dup a connection");
    int copy = dup(server);
    end("dup a connection");
    begin("close the copy of a connection");
    close(copy);
    end("close the copy of a connection");
    begin("close a connection");
    close(server);
    end("close a connection");
    close(client);
    begin("dup a listener");
    copy = dup(listener);
    end("dup a listener");
    begin("close the copy of a listener");
    close(copy);
    end("close the copy of a listener");
    begin("close a listener");
    close(listener);
    end("close a listener");
}

/* As quic-go sends: with a size of datagrams, and a class (explicit congestion notification). */
static void send_eight(int fd, int port) {
    struct sockaddr_in to = at(port);
    struct iovec part = {"12345678", 8};
    union {
        char room[2 * CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr header;
    } control = {.header = {CMSG_LEN(sizeof(uint16_t)), IPPROTO_UDP, 103 /* UDP_SEGMENT */}};
    struct msghdr message = {&to, sizeof(to), &part, 1, &control, sizeof(control), 0};
    struct cmsghdr *second = (struct cmsghdr *)(control.room + CMSG_SPACE(sizeof(uint16_t)));
    *second = (struct cmsghdr){CMSG_LEN(1), IPPROTO_IP, IP_TOS};
    memcpy(CMSG_DATA(&control.header), &(uint16_t){1}, sizeof(uint16_t));
    *CMSG_DATA(second) = 2;
    must(sendmsg(fd, &message, 0), "sendmsg");
}

static void receive_eight(int fd) {
    char byte;
    struct iovec part = {&byte, 1};
    struct mmsghdr messages[8];
    struct sockaddr_in from[8];
    for (int i = 0; i < 8; i++)
        messages[i].msg_hdr = (struct msghdr){&from[i], sizeof(from[i]), &part, 1, NULL, 0, 0};
    must(recvmmsg(fd, messages, 8, 0, NULL) - 8, "recvmmsg");
}

static void datagrams(void) {
    struct sockaddr_in peer;
    int server = opened(SOCK_DGRAM);
    begin("bind UDP");
    bind_to(server, PORT);
    end("bind UDP");
    begin("socket UDP");
    int client = opened(SOCK_DGRAM);
    end("socket UDP");
    begin("first send UDP");
    send_to(client, PORT);
    end("first send UDP");
    begin("send UDP");
    send_to(client, PORT);
    end("send UDP");
    begin("receive UDP");
    received(server, &peer);
    end("receive UDP");
    begin("answer UDP");
    must(sendto(server, "y", 1, 0, (struct sockaddr *)&peer, sizeof(peer)), "sendto");
    end("answer UDP");
    begin("receive the answer UDP");
    received(client, &peer);
    end("receive the answer UDP");
    begin("send eight at once UDP");
    send_eight(client, PORT);
    end("send eight at once UDP");
    begin("receive eight at once UDP");
    receive_eight(server);
    end("receive eight at once UDP");
    begin("close UDP");
    close(client);
    end("close UDP");
    /* By now local datagrams are expected of it. */
    begin("socket UDP, born local");
    client = opened(SOCK_DGRAM);
    end("socket UDP, born local");
    begin("connect UDP");
    connect_to(client, PORT);
    end("connect UDP");
    begin("send connected UDP");
    must(send(client, "x", 1, 0), "send");
    end("send connected UDP");
    begin("close connected UDP");
    close(client);
    end("close connected UDP");
    begin("close a UDP server");
    close(server);
    end("close a UDP server");
}

static void processes(void) {
    begin("fork, _exit");
    pid_t child = (pid_t)must(fork(), "fork");
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    end("fork, _exit");
}

int main(int argc, char **argv) {
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "nothing") == 0) {
        processes();
        return 0;
    }
    /* A socket that is not born local yet. */
    int first = opened(SOCK_STREAM);
    begin("bind, with the change of sockets");
    bind_to(first, PORT);
    end("bind, with the change of sockets");
    close(first);
    /* The first time. */
    hold(0, 2);
    send_to(opened(SOCK_DGRAM), PORT_HELD);
    close(listening(PORT));
    hold(2, atoi(argv[1]));
    streams();
    datagrams();
    processes();
    return 0;
}
