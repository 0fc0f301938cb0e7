/*
 * A program whose datagrams were all local, or all not, makes a UDP socket for another use: the library's prediction
 * must not show. The test covers 127.0.0.1 and not 127.0.0.2.
 */
#include "probe.h"

#include <net/if.h>
#include <pthread.h>
#include <sys/ioctl.h>

static const char *const hosts[] = {"127.0.0.1", "127.0.0.2"};
static int ports[2];

static int fresh(void) {
    return CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
}

static long ask(int fd, const char *host, int port) {
    address to = ip(host, port);
    return sendto(fd, "ask", 3, 0, &to.any, to.length);
}

/* Tells each who asks from where that is, until the pipe ends. */
static _Noreturn void serve(const char *host, int told) {
    int fd = bound(host, 0, SOCK_DGRAM), port = own_port(fd);
    if (write(told, &port, sizeof port) != sizeof port)
        die("tell the port");
    for (;;) {
        char bytes[64];
        struct pollfd both[] = {{.fd = fd, .events = POLLIN}, {.fd = told}};
        address from = unwritten();
        CHECK(poll(both, 2, -1));
        if (both[1].revents != 0)
            _exit(0);
        CHECK(recvfrom(fd, bytes, sizeof bytes, 0, &from.any, &from.length));
        int length = snprintf(bytes, sizeof bytes, "%s %d", ip_text(&from), port_of(&from));
        CHECK(sendto(fd, bytes, (size_t)length, 0, &from.any, from.length));
    }
}

/* The second one is outside, as a server on another machine is. */
static void start_servers(void) {
    for (int i = 0; i < 2; i++) {
        int pipe_ends[2];
        char number[16];
        CHECK(pipe2(pipe_ends, O_CLOEXEC));
        snprintf(number, sizeof number, "%d", CHECK(fcntl(pipe_ends[1], F_DUPFD, 0)));
        char *const arguments[] = {(char[]){"after_many_datagrams"}, number, NULL};
        char *const environment[] = {(char[]){"UNSOCK_OFF=1"}, NULL};
        if (fork_peer() == 0) {
            close(pipe_ends[0]);
            if (i == 0)
                serve(hosts[0], atoi(number));
            execve("/proc/self/exe", arguments, environment);
            die("exec");
        }
        close(atoi(number));
        close(pipe_ends[1]);
        if (read(pipe_ends[0], &ports[i], sizeof ports[i]) != sizeof ports[i])
            die("no server");
        CHECK(fcntl(pipe_ends[0], F_SETFD, 0)); /* open until the end */
    }
}

/* Returns the port in the server's answer: the client's, as the server sees it. */
static int answered(int fd) {
    char bytes[64] = {0};
    if (ready(fd, POLLIN, 10000) == 0)
        return -1;
    CHECK(recv(fd, bytes, sizeof bytes - 1, 0));
    const char *port = strchr(bytes, ' ');
    return port && strncmp(bytes, "127.0.0.1 ", 10) == 0 ? atoi(port) : -2;
}

static void train(int which) {
    for (int i = 0; i < 10; i++) {
        int fd = fresh();
        CHECK(ask(fd, hosts[which], ports[which]));
        if (answered(fd) < 0)
            die("no answer");
        close(fd);
    }
}

/* Uses a UDP socket before it sends, or without ever sending. */
static void other_uses(const char *story) {
    int fd = fresh();
    address name = name_of(fd);
    struct ifreq request = {.ifr_name = "lo"};
    struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe00000fb), .imr_ifindex = 1};
    struct ip_mreqn wrong = {.imr_multiaddr.s_addr = htonl(0x7f000001), .imr_ifindex = 1};
    char byte;
    fact(story, "fresh: %s %d", ip_text(&name), port_of(&name));
    fact(story, "events: 0x%x", (unsigned)ready(fd, POLLIN | POLLOUT, 0));
    fact(story, "SIOCGIFADDR: %s", ioctl(fd, SIOCGIFADDR, &request) == 0 ? "ok" : errno_name(errno));
    fact(story, "send: %s", send(fd, "x", 1, 0) == 1 ? "ok" : errno_name(errno));
    fact(story, "recv: %s", recv(fd, &byte, 1, MSG_DONTWAIT) >= 0 ? "ok" : errno_name(errno));
    fact(story, "shutdown: %s", shutdown(fd, SHUT_RDWR) == 0 ? "ok" : errno_name(errno));
    fact(story, "to leave: %s",
         setsockopt(fd, IPPROTO_IP, IP_DROP_MEMBERSHIP, &group, sizeof group) == 0 ? "ok" : errno_name(errno));
    fact(story, "to join: %s",
         setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group) == 0 ? "ok" : errno_name(errno));
    fact(story, "to join what is no group: %s",
         setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &wrong, sizeof wrong) == 0 ? "ok" : errno_name(errno));
    fact(story, "kinds: %d %d %d", get_option(fd, SOL_SOCKET, SO_DOMAIN), get_option(fd, SOL_SOCKET, SO_TYPE),
         get_option(fd, SOL_SOCKET, SO_PROTOCOL));
    close(fd);
    for (int i = 0; i < 2; i++) {
        fd = bound(hosts[i], 0, SOCK_DGRAM);
        name = name_of(fd);
        fact(story, "bound to %s: %s, port %d", hosts[i], ip_text(&name), port_of(&name) != 0);
        close(fd);
    }
}

static void with_options(const char *story, int which, bool connects) {
    int fd = fresh();
    CHECK(set_option(fd, IPPROTO_IP, IP_TTL, 21));
    CHECK(set_option(fd, IPPROTO_IP, IP_TOS, 0x10));
    CHECK(set_option(fd, SOL_SOCKET, SO_BROADCAST, 1));
    if (connects)
        CHECK(connect_to(fd, hosts[which], ports[which]));
    CHECK(connects ? send(fd, "ask", 3, 0) : ask(fd, hosts[which], ports[which]));
    int port = answered(fd);
    fact(story, "%s, connected %d: agree %d, options %d %d %d", hosts[which], connects, port == own_port(fd),
         get_option(fd, IPPROTO_IP, IP_TTL), get_option(fd, IPPROTO_IP, IP_TOS),
         get_option(fd, SOL_SOCKET, SO_BROADCAST));
    close(fd);
}

/* A child and this process have the socket before it has a port: they have the same one then. */
static void shared(const char *story, int which) {
    int fd = fresh();
    pid_t pid = fork_peer();
    if (pid == 0)
        _exit(ask(fd, hosts[which], ports[which]) == 3 && answered(fd) > 0 ? 0 : 1);
    fact(story, "%s, a child asks: %d", hosts[which], ended(pid));
    long asked = ask(fd, hosts[which], ports[which]);
    int port = answered(fd);
    fact(story, "%s, and then its parent: %ld, agree %d", hosts[which], asked, port == own_port(fd));
    close(fd);
}

static void executed(const char *story, int which) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    char numbers[2][16];
    snprintf(numbers[0], sizeof numbers[0], "%d", fd);
    snprintf(numbers[1], sizeof numbers[1], "%d", ports[which]);
    pid_t pid = fork_peer();
    if (pid == 0) {
        execl("/proc/self/exe", "after_many_datagrams", numbers[0], hosts[which], numbers[1], (char *)NULL);
        die("exec");
    }
    fact(story, "%s, another program asks: %d", hosts[which], ended(pid));
    close(fd);
}

static int waited_for;
static int first_way;

static void *wait_recv(void *result) {
    char bytes[64];
    *(long *)result = recv(waited_for, bytes, sizeof bytes, 0);
    return NULL;
}

static void *wait_recvfrom(void *result) {
    char bytes[64];
    address from = unwritten();
    *(long *)result = recvfrom(waited_for, bytes, sizeof bytes, 0, &from.any, &from.length);
    return NULL;
}

static void *wait_recvmsg(void *result) {
    char bytes[64];
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    *(long *)result = recvmsg(waited_for, &message, 0);
    return NULL;
}

/* There is no way to see that the other thread waits. */
static void waiting(const char *story, int which) {
    static void *(*const ways[])(void *) = {wait_recv, wait_recvfrom, wait_recvmsg};
    for (int i = first_way; i < 3; i++) {
        pthread_t thread;
        long result = -1;
        waited_for = fresh();
        pthread_create(&thread, NULL, ways[i], &result);
        usleep(50000);
        CHECK(ask(waited_for, hosts[which], ports[which]));
        pthread_join(thread, NULL);
        fact(story, "%s, who waits by way %d has it: %d", hosts[which], i, result > 10);
        close(waited_for);
    }
}

#define USES 6

/* In a process of its own, as one wrong guess is the last for long. */
static void tell(int story, int use, int which) {
    static const char *const stories[] = {"at first", "after many to 127.0.0.1", "after many to 127.0.0.2"};
    pid_t pid = fork_peer();
    if (pid > 0) {
        if (ended(pid) != 0)
            die(stories[story]);
        return;
    }
    if (story > 0)
        train(story - 1);
    if (use < 2)
        with_options(stories[story], which, use == 1);
    else if (use == 2)
        shared(stories[story], which);
    else if (use == 3)
        executed(stories[story], which);
    else if (use == 4)
        waiting(stories[story], which);
    else if (use == 5 && which == 0)
        other_uses(stories[story]);
    _exit(0);
}

int main(int count, char **arguments) {
    probe_start();
    first_way = count == 2 && strcmp(arguments[1], "without recv") == 0;
    if (count == 2 && !first_way)
        serve(hosts[1], atoi(arguments[1]));
    if (count == 4) {
        int fd = atoi(arguments[1]);
        return ask(fd, arguments[2], atoi(arguments[3])) == 3 && answered(fd) > 0 ? 0 : 1;
    }
    start_servers();
    for (int story = 0; story < 3; story++)
        for (int use = 0; use < USES; use++)
            for (int which = 0; which < 2; which++)
                tell(story, use, which);
    return 0;
}
