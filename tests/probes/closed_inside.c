/*
 * Descriptor numbers of sockets that were closed inside libc or by a raw system call, and are now another file's: every
 * call with them has the kernel's result. Each in a process of its own.
 */
#include "../support/past_libc.h"
#include "probe.h"

#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/un.h>

static int server, receiver;
static address at_server, at_receiver;

/* The descriptor's former file. */
enum before {
    FRESH,
    CLIENT,
    ACCEPTED,
    LISTENER,
    BOUND,
    FRESH_DATAGRAM,
    BOUND_DATAGRAM,
    SENDER,
    JOINED,
    AFTER_SENDERS,
    OTHER,
    BEFORES
};
static const char *const before_names[BEFORES] = {
    "new stream",     "client", "accepted",           "listener",          "bound stream", "new datagram",
    "bound datagram", "sender", "connected datagram", "new after senders", "AF_UNIX"};

static int make(enum before before) {
    int fd;
    switch (before) {
    case FRESH:
        return CHECK(socket(AF_INET, SOCK_STREAM, 0));
    case CLIENT:
        return connected("127.0.0.1", own_port(server));
    case ACCEPTED:
        connected("127.0.0.1", own_port(server));
        return CHECK(accept(server, NULL, NULL));
    case LISTENER:
        return listening("127.0.0.1", 0);
    case BOUND:
        return bound("127.0.0.1", 0, SOCK_STREAM);
    case FRESH_DATAGRAM:
        return CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    case BOUND_DATAGRAM:
        return bound("127.0.0.1", 0, SOCK_DGRAM);
    case SENDER:
        fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
        CHECK(sendto(fd, "x", 1, 0, &at_receiver.any, at_receiver.length));
        return fd;
    case JOINED:
        fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
        CHECK(connect(fd, &at_receiver.any, at_receiver.length));
        return fd;
    case AFTER_SENDERS:
        for (int i = 0; i < 4; i++)
            close(make(SENDER));
        return make(FRESH_DATAGRAM);
    default:
        return CHECK(socket(AF_UNIX, SOCK_STREAM, 0));
    }
}

/* Its present file. */
enum now { A_FILE, A_PIPE, A_TERMINAL, A_PAIR, A_STREAM, A_STREAM6, A_DATAGRAM, NOTHING, NOWS };
static const char *const now_names[NOWS] = {"file", "pipe",          "terminal", "pair",
                                            "TCP",  "TCP over IPv6", "UDP",      "nothing"};

static void become(int number, enum now now) {
    int fds[2] = {-1, -1};
    CHECK(PAST_LIBC(close, number));
    switch (now) {
    case A_FILE:
        fds[0] = CHECK(open("/dev/null", O_RDWR));
        break;
    case A_PIPE:
        CHECK(pipe(fds));
        break;
    case A_TERMINAL:
        fds[0] = CHECK(open("/dev/ptmx", O_RDWR | O_NOCTTY));
        break;
    case A_PAIR:
        CHECK(PAST_LIBC(socketpair, AF_UNIX, SOCK_STREAM, 0, fds));
        break;
    case A_STREAM:
        fds[0] = CHECK((int)PAST_LIBC(socket, AF_INET, SOCK_STREAM, 0));
        break;
    case A_STREAM6:
        fds[0] = CHECK((int)PAST_LIBC(socket, AF_INET6, SOCK_STREAM, 0));
        break;
    case A_DATAGRAM:
        fds[0] = CHECK((int)PAST_LIBC(socket, AF_INET, SOCK_DGRAM, 0));
        break;
    default:
        return;
    }
    if (fds[0] != number)
        die("another number");
}

static address space;
static char text[400];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...) {
    size_t length = strlen(text);
    va_list values;
    va_start(values, format);
    vsnprintf(text + length, sizeof text - length, format, values);
    va_end(values);
}

static void said(long result) {
    say(" %s", result < 0 ? errno_name(errno) : "ok");
}

static void name(int fd, bool peer) {
    space = unwritten();
    said(peer ? getpeername(fd, &space.any, &space.length) : getsockname(fd, &space.any, &space.length));
    say("/%d", space.any.sa_family);
}

static void ask_option(int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    said(getsockopt(fd, level, option, &value, &length));
    say("/%d", value);
}

#define QUESTIONS 22

static const char *const question_names[QUESTIONS] = {
    "names",        "options",  "TCP_NODELAY", "SO_KEEPALIVE",    "SO_REUSEPORT", "SIOCOUTQ",
    "SIOCGIFINDEX", "FIONREAD", "shutdown",    "accept",          "listen",       "bind",
    "connect",      "send",     "sendto",      "sendmsg",         "recvfrom",     "recvmsg",
    "epoll",        "dup",      "sendmmsg",    "sendto AF_UNSPEC"};

static void ask(int fd, int question) {
    char data[8] = "data";
    struct iovec part = {data, 4};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    struct mmsghdr several[2] = {0};
    address any = ip("127.0.0.1", 0);
    struct ifreq request = {.ifr_name = "lo"};
    struct epoll_event event = {.events = EPOLLIN};
    int number = -1;
    space = unwritten();
    switch (question) {
    case 0:
        name(fd, false);
        name(fd, true);
        break;
    case 1:
        ask_option(fd, SOL_SOCKET, SO_TYPE);
        ask_option(fd, SOL_SOCKET, SO_DOMAIN);
        ask_option(fd, SOL_SOCKET, SO_ERROR);
        ask_option(fd, IPPROTO_TCP, TCP_NODELAY);
        ask_option(fd, IPPROTO_IP, IP_TTL);
        break;
    case 2:
        said(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
        break;
    case 3:
        said(set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
        break;
    case 4:
        said(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
        break;
    case 5:
        said(ioctl(fd, SIOCOUTQ, &number));
        say("/%d", number);
        break;
    case 6:
        said(ioctl(fd, SIOCGIFINDEX, &request));
        break;
    case 7:
        said(ioctl(fd, FIONREAD, &number));
        break;
    case 8:
        said(shutdown(fd, SHUT_RD));
        break;
    case 9:
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
        said(accept(fd, &space.any, &space.length));
        break;
    case 10:
        said(listen(fd, 1));
        break;
    case 11:
        said(bind(fd, &any.any, any.length));
        name(fd, false);
        break;
    case 12:
        said(connect(fd, &at_server.any, at_server.length));
        name(fd, true);
        break;
    case 13:
        said(sendto(fd, data, 4, MSG_NOSIGNAL, NULL, 0));
        break;
    case 14:
        said(sendto(fd, data, 4, MSG_NOSIGNAL, &at_receiver.any, at_receiver.length));
        break;
    case 15:
        message.msg_name = &at_receiver.any, message.msg_namelen = at_receiver.length;
        said(sendmsg(fd, &message, MSG_NOSIGNAL));
        break;
    case 16:
        said(recvfrom(fd, data, 4, MSG_DONTWAIT, &space.any, &space.length));
        break;
    case 17:
        message.msg_name = &space.any, message.msg_namelen = sizeof space.space;
        said(recvmsg(fd, &message, MSG_DONTWAIT));
        break;
    case 18:
        said(epoll_ctl(CHECK(epoll_create1(0)), EPOLL_CTL_ADD, fd, &event));
        break;
    case 19:
        number = dup(fd);
        said(number);
        name(number, false);
        break;
    case 20:
        several[0].msg_hdr = several[1].msg_hdr = message;
        several[1].msg_hdr.msg_name = &at_receiver.any, several[1].msg_hdr.msg_namelen = at_receiver.length;
        said(sendmmsg(fd, several + 1, 1, MSG_NOSIGNAL));
        said(sendmmsg(fd, several, 2, MSG_NOSIGNAL));
        break;
    default:
        any = at_receiver;
        any.any.sa_family = AF_UNSPEC;
        said(sendto(fd, data, 4, MSG_NOSIGNAL, &any.any, any.length));
        break;
    }
}

int main(void) {
    probe_start();
    server = listening("127.0.0.1", 0);
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    at_server = name_of(server);
    at_receiver = name_of(receiver);
    for (int before = 0; before < BEFORES; before++)
        for (int now = 0; now < NOWS; now++)
            for (int question = 0; question < QUESTIONS; question++) {
                char what[120];
                if (question == 9 && now == NOTHING)
                    continue;
                alarm(PROBE_SECONDS);
                pid_t pid = fork_peer();
                if (pid == 0) {
                    int number = make((enum before)before);
                    become(number, (enum now)now);
                    ask(number, question);
                    snprintf(what, sizeof what, "%s, now %s: %s", before_names[before], now_names[now],
                             question_names[question]);
                    fact(what, "%s", text + 1);
                    close(number);
                    exit(0);
                }
                int status = ended(pid);
                if (status != 0)
                    fact("ended by", "%d", status);
                char byte;
                while (ready(server, POLLIN, 0) != 0)
                    close(CHECK(accept(server, NULL, NULL)));
                int arrived = 0;
                while (recv(receiver, &byte, 1, MSG_DONTWAIT) >= 0)
                    arrived++;
                if (arrived > 0)
                    fact("arrived", "%s: %d", question_names[question], arrived);
            }
    return 0;
}
