/*
 * Ordinary calls on descriptors that a program has inherited, below a seccomp filter of its own. The filter is like
 * Chromium's: it forbids queries about sockets, and compares all 64 bits of the first argument of some calls.
 */
#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

enum { LEFT = 30, RIGHT, PIPE_OUT, PIPE_IN, FILE_OF_OWN, LEFT_DATAGRAM, RIGHT_DATAGRAM, UNIX_LISTENER, FREE };

static char byte = 'x';
static struct iovec part = {&byte, 1};

static void die_of(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    fact("died in system call", "%d", info->si_syscall);
    _exit(1);
}

/* Forbids the questions. Allows socket, socketpair and prctl for these values of the whole first argument alone. */
static void set_filter(void) {
#define NUMBER(name, to) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, to, 0)
#define UPPER (offsetof(struct seccomp_data, args) + 4)
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        NUMBER(getsockopt, 8),
        NUMBER(getsockname, 7),
        NUMBER(getpeername, 6),
        NUMBER(statx, 5),
        NUMBER(socketpair, 2),
        NUMBER(prctl, 1),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, UPPER),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof steps[0], steps};
    struct sigaction action = {.sa_sigaction = die_of, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSYS, &action, NULL));
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

union control {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

static long pass(int to, int fd) {
    union control control = {.header = {CMSG_LEN(sizeof fd), SOL_SOCKET, SCM_RIGHTS}};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
    return sendmsg(to, &message, 0);
}

static long take(int from) {
    union control control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control};
    message.msg_controllen = sizeof control;
    long result = recvmsg(from, &message, 0);
    return result > 0 ? (long)message.msg_controllen : result;
}

static long take_by_recvmmsg(int from) {
    union control control = {0};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control}};
    message.msg_hdr.msg_controllen = sizeof control;
    return recvmmsg(from, &message, 1, 0, NULL);
}

static long pipe_by_recvmsg(void) {
    pass(RIGHT, PIPE_IN);
    return take(LEFT);
}

static long pipe_by_recvmmsg(void) {
    pass(RIGHT, PIPE_IN);
    return take_by_recvmmsg(LEFT);
}

static long file_by_recvmsg(void) {
    pass(RIGHT, FILE_OF_OWN);
    return take(LEFT);
}

static long socket_by_recvmsg(void) {
    pass(RIGHT, LEFT_DATAGRAM);
    return take(LEFT);
}

static long pipe_by_datagram(void) {
    pass(RIGHT_DATAGRAM, PIPE_IN);
    return take(LEFT_DATAGRAM);
}

static long pair_of_its_own(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    pass(pair[0], pair[1]);
    return take(pair[1]);
}

static long memory_file(void) {
    pass(RIGHT, CHECK(memfd_create("x", 0)));
    return take(LEFT);
}

static long with_address(void) {
    address name = unwritten();
    send(RIGHT_DATAGRAM, &byte, 1, 0);
    return recvfrom(LEFT_DATAGRAM, &byte, 1, 0, &name.any, &name.length);
}

static long message_with_address(void) {
    struct sockaddr_un name;
    struct msghdr message = {.msg_name = &name, .msg_namelen = sizeof name, .msg_iov = &part, .msg_iovlen = 1};
    send(RIGHT_DATAGRAM, &byte, 1, 0);
    return recvmsg(LEFT_DATAGRAM, &message, 0);
}

static long accept_with_address(void) {
    struct sockaddr_un name;
    socklen_t length = sizeof name;
    return accept(UNIX_LISTENER, (struct sockaddr *)&name, &length) >= 0 ? (long)length : -1;
}

static long write_pipe(void) {
    return write(PIPE_IN, &byte, 1);
}

static long write_pair(void) {
    return write(LEFT, &byte, 1);
}

static long writev_pair(void) {
    return writev(LEFT, &part, 1);
}

static long send_pair(void) {
    return send(LEFT, &byte, 1, MSG_NOSIGNAL);
}

static long sendfile_pair(void) {
    off_t start = 0;
    return sendfile(LEFT, FILE_OF_OWN, &start, 1);
}

static long shut_pair(void) {
    return shutdown(LEFT, SHUT_RDWR);
}

static long shut_datagrams(void) {
    return shutdown(LEFT_DATAGRAM, SHUT_WR);
}

static long close_pair(void) {
    return close(LEFT);
}

static long duplicate_pair(void) {
    return dup2(LEFT, FREE);
}

static long set_flags(void) {
    return fcntl(LEFT, F_SETFL, O_NONBLOCK);
}

static long pass_credentials(void) {
    int on = 1;
    return setsockopt(LEFT, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
}

static long watch(void) {
    struct epoll_event event = {.events = EPOLLOUT};
    int set = CHECK(epoll_create1(0));
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, LEFT, &event));
    return epoll_wait(set, &event, 1, 0);
}

static long ask_poll(void) {
    struct pollfd polled = {.fd = LEFT, .events = POLLIN | POLLOUT};
    return poll(&polled, 1, 0);
}

static long name_thread(void) {
    return prctl(PR_SET_NAME, "x", 0, 0, 0);
}

static long own_unix_socket(void) {
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : -1;
}

static void tell(const char *name, long (*call)(void)) {
    pid_t pid = fork_peer();
    if (pid == 0) {
        set_filter();
        fact_number(name, call());
        _exit(0);
    }
    ended(pid);
}

static void inherit(int number, int fd) {
    CHECK(dup2(fd, number));
    close(fd);
}

/* The program that is executed knows nothing of them. */
static void prepare(char **arguments) {
    int pair[2];
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    inherit(LEFT, pair[0]), inherit(RIGHT, pair[1]);
    CHECK(pipe(pair));
    inherit(PIPE_OUT, pair[0]), inherit(PIPE_IN, pair[1]);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
    inherit(LEFT_DATAGRAM, pair[0]), inherit(RIGHT_DATAGRAM, pair[1]);
    inherit(FILE_OF_OWN, CHECK(memfd_create("file", 0)));
    CHECK(write(FILE_OF_OWN, &byte, 1));
    inherit(UNIX_LISTENER, CHECK(socket(AF_UNIX, SOCK_STREAM, 0)));
    CHECK(bind(UNIX_LISTENER, (struct sockaddr *)&name, sizeof name.sun_family));
    CHECK(listen(UNIX_LISTENER, 1));
    socklen_t length = sizeof name;
    CHECK(getsockname(UNIX_LISTENER, (struct sockaddr *)&name, &length));
    CHECK(connect(CHECK(socket(AF_UNIX, SOCK_STREAM, 0)), (struct sockaddr *)&name, length));
    CHECK(execl("/proc/self/exe", arguments[0], "executed", NULL));
}

int main(int count, char **arguments) {
    if (count < 2)
        prepare(arguments);
    probe_start();
    tell("write to a pipe", write_pipe);
    tell("write to a pair", write_pair);
    tell("writev to a pair", writev_pair);
    tell("send to a pair", send_pair);
    tell("sendfile to a pair", sendfile_pair);
    tell("a pipe by recvmsg", pipe_by_recvmsg);
    tell("a pipe by recvmmsg", pipe_by_recvmmsg);
    tell("a file by recvmsg", file_by_recvmsg);
    tell("a socket by recvmsg", socket_by_recvmsg);
    tell("a pipe with a datagram", pipe_by_datagram);
    tell("by a pair of its own", pair_of_its_own);
    tell("a file in memory", memory_file);
    tell("recvfrom with an address", with_address);
    tell("recvmsg with an address", message_with_address);
    tell("accept with an address", accept_with_address);
    tell("poll", ask_poll);
    tell("epoll", watch);
    tell("shutdown of datagrams", shut_datagrams);
    tell("close", close_pair);
    tell("dup2", duplicate_pair);
    tell("F_SETFL", set_flags);
    tell("setsockopt", pass_credentials);
    tell("prctl", name_thread);
    tell("a socket of its own", own_unix_socket);
    tell("shutdown of a pair", shut_pair);
    return 0;
}
