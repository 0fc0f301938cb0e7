/*
 * Children that end below a seccomp filter of their own, which kills at any call but those that a program makes that
 * writes, closes and ends: with sockets that they have inherited, and with sockets of their own.
 */
#include "probe.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { PORT = 17460 };

/* `replaces`: dup3 is among the calls of the program, and the library asks for its process then. */
static void set_filter(bool replaces) {
#define ALLOW(name, to) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, to, 0)
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(write, 8),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, replaces ? SYS_dup3 : SYS_write, 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, replaces ? SYS_getpid : SYS_write, 6, 0),
        ALLOW(close, 5),
        ALLOW(gettid, 4), /* a trapped call needs it */
        ALLOW(exit_group, 3),
        ALLOW(exit, 2),
        ALLOW(rt_sigreturn, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof steps / sizeof steps[0], steps};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void bind_to(int fd, int port) {
    struct sockaddr_in address = {AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}};
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address));
}

static int listener_at(int port) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    bind_to(fd, port);
    CHECK(listen(fd, 5));
    return fd;
}

static int client_of(int port) {
    struct sockaddr_in address = {AF_INET, htons((uint16_t)(PORT + port % 2)), {htonl(INADDR_LOOPBACK)}, {0}};
    int fd = CHECK(socket(AF_INET, port % 2 ? SOCK_DGRAM : SOCK_STREAM, 0));
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address));
    CHECK(send(fd, "x", 1, 0));
    return fd;
}

static int stream_of_no_name(int port) {
    (void)port;
    return CHECK(socket(AF_INET, SOCK_STREAM, 0));
}

static int datagram_of_no_name(int port) {
    (void)port;
    return CHECK(socket(AF_INET, SOCK_DGRAM, 0));
}

static int datagram_at(int port) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    bind_to(fd, port);
    return fd;
}

/* In the child. `make` is NULL for a socket that is inherited. */
static _Noreturn void end_below(int inherited, int (*make)(int), int port, int how) {
    int fd = make ? make(port) : inherited;
    set_filter(how == 2);
    if (how == 1)
        close(fd);
    if (how == 2)
        CHECK(dup3(STDOUT_FILENO, fd, 0));
    exit(0);
}

static void run(const char *name, int inherited, int (*make)(int), int port) {
    static const char *const ways[] = {"open", "closed", "replaced"};
    for (int how = 0; how < 3; how++) {
        int status;
        pid_t child = CHECK(fork());
        if (child == 0)
            end_below(inherited, make, port + how, how);
        CHECK(waitpid(child, &status, 0));
        char text[64];
        snprintf(text, sizeof text, "%s, %s", name, ways[how]);
        fact(text, WIFSIGNALED(status) ? "signal %d" : "status %d",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
}

/* The same port at once, and another time: a file that is left is in nobody's way. */
static void again(const char *name, int (*make)(int)) {
    for (int how = 0; how < 3; how++)
        close(make(PORT + (make == datagram_at ? 4 : 2) + how));
    fact(name, "bound");
}

int main(void) {
    int listener = listener_at(PORT), datagram = datagram_at(PORT + 1);
    run("an inherited listener", listener, NULL, 0);
    run("an inherited datagram socket", datagram, NULL, 0);
    run("a listener of its own", -1, listener_at, PORT + 2);
    run("a datagram socket of its own", -1, datagram_at, PORT + 4);
    run("clients", -1, client_of, 0);
    run("a socket without a name", -1, stream_of_no_name, 0);
    run("a datagram socket without a name", -1, datagram_of_no_name, 0);
    again("a listener again", listener_at);
    again("a datagram socket again", datagram_at);
    return 0;
}
