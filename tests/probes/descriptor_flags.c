/* The descriptor keeps its number, O_NONBLOCK, O_ASYNC with owner and signal, and FD_CLOEXEC, however they were set. */
#include "probe.h"

#include <sys/ioctl.h>

static void show(const char *when, int fd) {
    int flags = CHECK(fcntl(fd, F_GETFL));
    struct f_owner_ex owner = {0};
    CHECK(fcntl(fd, F_GETOWN_EX, &owner));
    fact(when, "%s%s%s access %d, owner %s type %d, signal %d", flags & O_NONBLOCK ? "nonblock " : "blocking ",
         flags & O_ASYNC ? "async " : "", CHECK(fcntl(fd, F_GETFD)) & FD_CLOEXEC ? "cloexec" : "inherited",
         flags & O_ACCMODE,
         owner.pid == 0          ? "nobody"
         : owner.pid == getpid() ? "me"
                                 : "other",
         (int)owner.type, CHECK(fcntl(fd, F_GETSIG)));
}

enum how { PLAIN, BY_SOCKET_FLAG, BY_FCNTL, BY_IOCTL, ASYNC, ASYNC_IOCTL, HOWS };
static const char *const how_names[HOWS] = {"plain", "socket flags",   "fcntl",
                                            "ioctl", "async by fcntl", "async by ioctl"};

static int make(enum how how) {
    int flags = how == BY_SOCKET_FLAG ? SOCK_NONBLOCK | SOCK_CLOEXEC : 0;
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | flags, 0));
    int on = 1;
    if (how == BY_FCNTL) {
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
        CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC));
    } else if (how == BY_IOCTL) {
        CHECK(ioctl(fd, FIONBIO, &on));
        CHECK(ioctl(fd, FIOCLEX));
    } else if (how == ASYNC) {
        CHECK(fcntl(fd, F_SETOWN, getpid()));
        CHECK(fcntl(fd, F_SETSIG, SIGUSR1));
        CHECK(fcntl(fd, F_SETFL, O_ASYNC));
    } else if (how == ASYNC_IOCTL) {
        struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = getpid()};
        CHECK(fcntl(fd, F_SETOWN_EX, &owner));
        CHECK(ioctl(fd, FIOASYNC, &on));
        CHECK(ioctl(fd, FIONBIO, &on));
    }
    return fd;
}

static void finish(int fd) {
    if (ready(fd, POLLOUT, 5000) == 0)
        die("connection did not finish");
}

static void probe(enum how how) {
    char text[80];
    int server = make(how);
    snprintf(text, sizeof text, "%s: before bind", how_names[how]);
    show(text, server);
    CHECK(set_option(server, SOL_SOCKET, SO_REUSEADDR, 1));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(server, &at.any, at.length));
    snprintf(text, sizeof text, "%s: after bind", how_names[how]);
    show(text, server);
    CHECK(listen(server, 8));
    snprintf(text, sizeof text, "%s: after listen", how_names[how]);
    show(text, server);

    int client = make(how);
    int probe_before = CHECK(dup(STDIN_FILENO));
    close(probe_before);
    int connecting = connect_to(client, "127.0.0.1", own_port(server));
    if (connecting < 0 && errno != EINPROGRESS)
        die("connect");
    finish(client);
    snprintf(text, sizeof text, "%s: after connect", how_names[how]);
    show(text, client);
    int probe_after = CHECK(dup(STDIN_FILENO));
    close(probe_after);
    snprintf(text, sizeof text, "%s: connect used no other descriptor", how_names[how]);
    fact_yes(text, probe_after == probe_before);

    if (ready(server, POLLIN, 5000) == 0)
        die("nothing to accept");
    int peer = CHECK(accept(server, NULL, NULL));
    snprintf(text, sizeof text, "%s: accepted", how_names[how]);
    show(text, peer);
    snprintf(text, sizeof text, "%s: accepted has the next free number", how_names[how]);
    fact_yes(text, peer == probe_before);
    close(peer);
    close(client);

    client = make(how);
    if (connect_to(client, "127.0.0.1", own_port(server)) < 0 && errno != EINPROGRESS)
        die("connect again");
    finish(client);
    if (ready(server, POLLIN, 5000) == 0)
        die("nothing to accept4");
    peer = CHECK(accept4(server, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    snprintf(text, sizeof text, "%s: accept4 with flags", how_names[how]);
    show(text, peer);
    close(peer);
    close(client);
    close(server);
}

static volatile sig_atomic_t arrived;
static volatile sig_atomic_t arrived_on;

static void on_signal(int number, siginfo_t *info, void *context) {
    (void)number;
    (void)context;
    arrived_on = info->si_fd;
    arrived = 1;
}

/* Signal-driven input set up before the redirection still signals, with the right descriptor. */
static void signals_arrive(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL));
    int server = make(PLAIN);
    address at = ip("127.0.0.1", 0);
    CHECK(bind(server, &at.any, at.length));
    CHECK(listen(server, 8));
    int client = make(ASYNC);
    CHECK(connect_to(client, "127.0.0.1", own_port(server)));
    int peer = CHECK(accept(server, NULL, NULL));
    arrived = 0;
    send_byte(peer);
    for (int i = 0; i < 500 && !arrived; i++)
        poll(NULL, 0, 10);
    fact_yes("a byte raises the signal", arrived);
    fact_yes("the signal names the descriptor", arrived_on == client);
    fact("reading afterwards", "%s", wait_byte(client) ? "one byte" : "nothing");
    close(peer);
    close(client);
    close(server);
}

int main(void) {
    probe_start();
    for (int how = PLAIN; how < HOWS; how++) {
        signal(SIGIO, SIG_IGN);
        signal(SIGUSR1, SIG_IGN);
        probe((enum how)how);
    }
    signals_arrive();
    int stream = make(PLAIN);
    fact_call("accept4 with an unknown flag", accept4(stream, NULL, NULL, 0x40000000));
    return 0;
}
