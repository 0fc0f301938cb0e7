/*
 * Shows how connections end: an ordinary TCP server and client without any code for unsock; over real TCP they are the
 * oracle.
 *
 *   endings serve ADDRESS PORT    endings STORY ADDRESS PORT
 *
 * The client sends the story's first letter, and prints its results. The server ends after the story "quit".
 */
#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_SECONDS 60
#define LATER_SECONDS 7
#define LOST_US 200000
#define LATE_MS 3000
#define MUCH 300000

static struct sockaddr_in address;

static void send_all(int fd, const char *bytes, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t n = write(fd, bytes + sent, size - sent);
        if (n < 0)
            fail("write");
        sent += (size_t)n;
    }
}

static void say(int fd, const char *text) {
    send_all(fd, text, strlen(text));
}

static void read_line(int fd) {
    char byte = 0;
    while (byte != '\n' && read(fd, &byte, 1) == 1)
        ;
}

static void read_to_end(int fd) {
    char byte;
    while (read(fd, &byte, 1) == 1)
        ;
}

/* A child has the socket, too, and goes on with it when this process has closed it. */
static void share_with_child(int fd) {
    int gate[2];
    char byte;
    if (pipe(gate) != 0)
        fail("pipe");
    pid_t child = fork();
    if (child == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) == 0)
            say(fd, "from the child\n");
        _exit(0);
    }
    close(gate[0]);
    close(fd);
    close(gate[1]);
    waitpid(child, NULL, 0);
}

/* Returns false when the server is to end, with the connection open. */
static int serve_one(int fd) {
    static char much[MUCH];
    char story = 0;
    if (read(fd, &story, 1) < 0)
        fail("no story");
    if (story == 'c' || story == 'q')
        send_all(fd, much, sizeof much);
    if (story == 'q')
        return 0;
    if (story == 'h' || story == 'd') {
        read_line(fd);
        int other = story == 'd' ? dup(fd) : -1;
        if (other >= 0) {
            close(fd);
            fd = other;
        }
        say(fd, "answer\n");
    }
    if (story == 'f') {
        share_with_child(fd);
        return 1;
    }
    if (story == 'e')
        read_to_end(fd);
    if (story == 'e')
        say(fd, "answer\n");
    if (story == 'l')
        sleep(LATER_SECONDS);
    if (story == 'l')
        say(fd, "answer\n");
    if (story == 's')
        pause();
    if (story == 'u') {
        say(fd, "ready\n");
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, -1);
    }
    if (story == 'r') {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, LATE_MS);
        say(fd, "late");
    }
    close(fd);
    return 1;
}

static void serve(void) {
    int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t length = sizeof address;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 5) != 0)
        fail("a server");
    if (getsockname(listener, (struct sockaddr *)&address, &length) != 0)
        fail("getsockname");
    printf("listening %u\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            fail("accept");
        alarm(DEADLINE_SECONDS);
        if (!serve_one(fd))
            return;
    }
}

static void print_end(int fd) {
    static char buffer[65536];
    size_t sum = 0;
    ssize_t n;
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        sum += (size_t)n;
    printf("%zu bytes, then %s\n", sum, n == 0 ? "the end of file" : strerrorname_np(errno));
}

/* Prints the results of calls at the end, or after the program's own shutdown. */
static void tell_afterwards(int fd, char story) {
    char byte;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (story == 'b' && shutdown(fd, SHUT_RDWR) != 0)
        fail("shutdown");
    if (story == 'b')
        printf("read %zd, ", read(fd, &byte, 1));
    if (story == 'a')
        poll(&p, 1, -1);
    for (int i = 0; story != 'p' && i < 2; i++)
        printf("recv %zd, ", recv(fd, &byte, 1, 0));
    signal(SIGPIPE, SIG_IGN);
    shutdown(fd, SHUT_WR);
    ssize_t written = send(fd, "x", 1, 0);
    printf("a write %s\n", written == 1 ? "taken" : strerrorname_np(errno));
}

/* Prints what ends at once after this side has shut down reading, though the server sends later. */
static void tell_unread(int fd) {
    char data[16];
    struct iovec part = {data, sizeof data};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr messages = {.msg_hdr = message};
    if (shutdown(fd, SHUT_RD) != 0)
        fail("shutdown");
    printf("recv %zd, ", recv(fd, data, sizeof data, 0));
    printf("recvfrom %zd, ", recvfrom(fd, data, sizeof data, 0, NULL, NULL));
    printf("recvmsg %zd, ", recvmsg(fd, &message, 0));
    int count = recvmmsg(fd, &messages, 1, 0, NULL);
    printf("recvmmsg %d of %u, ", count, messages.msg_len);
    printf("a write %zd\n", write(fd, "x", 1));
}

static void tell(int fd, char story) {
    char first = 'x';
    if (story == 'r') {
        tell_unread(fd);
        return;
    }
    if (strchr("abp", story)) {
        tell_afterwards(fd, story);
        return;
    }
    if (strchr("hde", story))
        say(fd, "question\n");
    if (strchr("he", story) && shutdown(fd, SHUT_WR) != 0)
        fail("shutdown");
    if (story == 'u') {
        read_line(fd);
        say(fd, "nobody reads this\n");
    }
    if (story == 'w') {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, -1);
        signal(SIGPIPE, SIG_IGN);
        p.events = POLLOUT | POLLRDHUP;
        poll(&p, 1, 0);
        ssize_t written = write(fd, &first, 1);
        printf("poll %s, a write is %s, ", p.revents == (POLLOUT | POLLRDHUP) ? "OUT|RDHUP" : "others",
               written == 1 ? "taken" : strerrorname_np(errno));
        usleep(LOST_US);
        written = write(fd, &first, 1);
        printf("the next one %s\n", written == 1 ? "taken" : strerrorname_np(errno));
        return;
    }
    if (story == 'c') {
        int there = 0;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        poll(&p, 1, -1);
        int result = ioctl(fd, FIONREAD, &there);
        printf("FIONREAD %s, ", result == 0 && there > 0 ? "answers" : "fails");
    }
    print_end(fd);
}

/* Datagrams to nobody, and a port that a server has. */
static void alone(void) {
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    for (int i = 0; i < 2; i++) {
        ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&address, sizeof address);
        printf("%s ", sent == 1 ? "taken" : strerrorname_np(errno));
    }
    close(fd);
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    int result = connect(fd, (struct sockaddr *)&address, sizeof address);
    printf("connect %d ", result);
    int copy = dup(fd);
    for (int i = 0; i < 4; i++) {
        ssize_t sent = i % 2 == 0 ? send(fd, "x", 1, 0) : write(i == 1 ? fd : copy, "x", 1);
        printf("%s ", sent == 1 ? "taken" : strerrorname_np(errno));
    }
    printf("\n");
}

static void second(void) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int result = bind(fd, (struct sockaddr *)&address, sizeof address);
    printf("a second server: %s\n", result == 0 ? "bound" : strerrorname_np(errno));
    close(fd);
}

static const char *said(int result) {
    return result == 0 ? "0" : strerrorname_np(errno);
}

static const char *connect_says(int fd) {
    return said(connect(fd, (struct sockaddr *)&address, sizeof address));
}

/* Connects that do not wait, to nobody: what poll, SO_ERROR where `asks`, and further connects say. */
static void refused(int asks) {
    int error = 0, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    socklen_t length = sizeof error;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    printf("%s, ", connect_says(fd));
    poll(&p, 1, -1);
    printf("poll %s, ", p.revents & POLLERR ? "ERR" : "others");
    if (asks && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0)
        printf("SO_ERROR %s, ", error == 0 ? "0" : strerrorname_np(error));
    printf("%s, ", connect_says(fd));
    printf("%s, ", connect_says(fd));
    poll(&p, 1, -1);
    printf("%s\n", connect_says(fd));
    close(fd);
}

int main(int argc, char **argv) {
    if (argc != 4)
        fail("usage: endings serve|STORY ADDRESS PORT");
    alarm(DEADLINE_SECONDS);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[3]))};
    inet_pton(AF_INET, argv[2], &address.sin_addr);
    if (strcmp(argv[1], "serve") == 0) {
        serve();
        return 0;
    }
    if (strcmp(argv[1], "alone") == 0) {
        alone();
        return 0;
    }
    if (strcmp(argv[1], "second") == 0) {
        second();
        return 0;
    }
    if (strcmp(argv[1], "nobody") == 0) {
        refused(1);
        refused(0);
        return 0;
    }
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        fail("connect");
    send_all(fd, argv[1], 1);
    if (argv[1][0] == 's') {
        printf("connected\n");
        fflush(stdout);
    }
    tell(fd, argv[1][0]);
    return 0;
}
