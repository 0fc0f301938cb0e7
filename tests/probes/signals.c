/* Signals and cancellation: interrupted and restarted calls, time-outs, calls from a handler, pthread_cancel. */
#include "probe.h"

#include <pthread.h>
#include <sys/time.h>

static volatile sig_atomic_t handled, handler_result, handler_port;
static int wanted_port;

static void count(int number) {
    (void)number;
    handled++;
}

/* A handler may make socket calls, also while the same thread is inside one. */
static void connect_inside(int number) {
    (void)number;
    int saved = errno;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address name = unwritten();
    handler_result = connect_to(fd, "127.0.0.1", wanted_port) == 0 ? 1 : -errno;
    handler_port = getpeername(fd, &name.any, &name.length) == 0 && port_of(&name) == wanted_port;
    close(fd);
    handled++;
    errno = saved;
}

static volatile sig_atomic_t again;

static void timer(int first_ms);

/* Comes again after a while: a machine that is too slow for signals that do not wait gets on, too. */
static void connect_inside_again(int number) {
    connect_inside(number);
    if (again)
        timer(1);
}

static void on(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL));
}

static void timer(int first_ms) {
    struct itimerval value = {{0, 0}, {first_ms / 1000, first_ms % 1000 * 1000}};
    /* This is the clock of alarm, too: the caller sets the alarm again. */
    CHECK(setitimer(ITIMER_REAL, &value, NULL));
}

/* Another process sends the signal, for a blocked call uses no processor time. */
static pid_t signal_later(int number, int after_ms, int then_connect_port) {
    pid_t parent = getpid(), pid = fork_peer();
    if (pid != 0)
        return pid;
    poll(NULL, 0, after_ms);
    kill(parent, number);
    if (then_connect_port != 0) {
        poll(NULL, 0, after_ms);
        close(connected("127.0.0.1", then_connect_port));
    }
    _exit(0);
}

static void interrupted(void) {
    int server = listening("127.0.0.1", 0), port = own_port(server);
    char byte;
    on(SIGUSR1, count, 0);
    pid_t pid = signal_later(SIGUSR1, 50, 0);
    fact_call("accept, interrupted", accept(server, NULL, NULL));
    ended(pid);
    address name = unwritten();
    pid = signal_later(SIGUSR1, 50, 0);
    fact_call("accept4 with an address, interrupted", accept4(server, &name.any, &name.length, SOCK_CLOEXEC));
    ended(pid);
    on(SIGUSR1, count, SA_RESTART);
    handled = 0;
    pid = signal_later(SIGUSR1, 50, port);
    int peer = accept(server, NULL, NULL);
    fact_call("accept, restarted", peer);
    fact("handled while it waited", "%d", (int)handled);
    ended(pid);
    fact_number("the connection is whole", read(peer, &byte, 1));
    close(peer);
    int client = connected("127.0.0.1", port);
    peer = CHECK(accept(server, NULL, NULL));
    on(SIGUSR1, count, 0);
    pid = signal_later(SIGUSR1, 50, 0);
    fact_number("read, interrupted", read(client, &byte, 1));
    ended(pid);
    int receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    pid = signal_later(SIGUSR1, 50, 0);
    name = unwritten();
    fact_number("recvfrom, interrupted", recvfrom(receiver, &byte, 1, 0, &name.any, &name.length));
    ended(pid);
    close(receiver);
    close(peer);
    close(client);
    close(server);
}

static void timeouts(void) {
    int server = listening("127.0.0.1", 0);
    struct timeval patience = {0, 50000};
    CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    fact_call("accept times out", accept(server, NULL, NULL));
    int client = connected("127.0.0.1", own_port(server)), peer = CHECK(accept(server, NULL, NULL));
    char byte;
    CHECK(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    fact_number("read times out", read(client, &byte, 1));
    close(peer);
    close(client);
    close(server);
    /* Set before the redirection. */
    server = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    CHECK(listen(server, 1));
    fact_call("accept times out, set before", accept(server, NULL, NULL));
    close(server);
}

static void from_handler(void) {
    int server = listening("127.0.0.1", 0);
    wanted_port = own_port(server);
    on(SIGUSR1, connect_inside, SA_RESTART);
    handled = 0;
    pid_t pid = signal_later(SIGUSR1, 50, 0);
    /* The handler runs inside this accept and connects to the very listener. */
    int peer = accept(server, NULL, NULL);
    fact_call("accept of the handler's connection", peer);
    fact("the handler's connect", "%s", handler_result == 1 ? "ok" : errno_name(-handler_result));
    fact_yes("the handler's peer", handler_port);
    ended(pid);
    close(peer);
    /* Many signals while this thread creates, binds and connects. */
    on(SIGALRM, connect_inside_again, SA_RESTART);
    again = 1;
    timer(1);
    int good = 0;
    for (int i = 0; i < 200; i++) {
        int other = listening("127.0.0.1", 0), fd = connected("127.0.0.1", own_port(other));
        address seen = unwritten(), own = name_of(fd);
        peer = CHECK(accept(other, &seen.any, &seen.length));
        good += same_address(&seen, &own);
        close(peer);
        close(fd);
        close(other);
        while (ready(server, POLLIN, 0) != 0)
            close(CHECK(accept(server, NULL, NULL)));
    }
    again = 0;
    timer(0);
    signal(SIGALRM, SIG_DFL);
    alarm(PROBE_SECONDS);
    fact("good connections under fire", "%d", good);
    fact_yes("signals were handled meanwhile", handled > 3);
    close(server);
}

static void *block(void *fd) {
    for (;;)
        close(accept((int)(intptr_t)fd, NULL, NULL));
    return NULL;
}

static void *block_in_recvfrom(void *fd) {
    for (;;) {
        address name = unwritten();
        char byte;
        recvfrom((int)(intptr_t)fd, &byte, 1, 0, &name.any, &name.length);
    }
    return NULL;
}

/* `calls_end`: only after that the calls that the threads wait in end, too. */
static void cancelled(bool calls_end) {
    int server = listening("127.0.0.1", 0), receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    pthread_t threads[2];
    void *result;
    if (pthread_create(&threads[0], NULL, block, (void *)(intptr_t)server) != 0)
        die("pthread_create");
    if (pthread_create(&threads[1], NULL, block_in_recvfrom, (void *)(intptr_t)receiver) != 0)
        die("pthread_create");
    poll(NULL, 0, 30);
    for (int i = 0; i < 2; i++)
        pthread_cancel(threads[i]);
    if (calls_end) {
        int sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
        address to = name_of(receiver);
        close(connected("127.0.0.1", own_port(server)));
        CHECK(sendto(sender, "x", 1, 0, &to.any, to.length));
        close(sender);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], &result);
        fact_yes(i == 0 ? "cancelled in accept" : "cancelled in recvfrom", result == PTHREAD_CANCELED);
    }
    int client = connected("127.0.0.1", own_port(server));
    fact_call("accept after the cancellation", accept(server, NULL, NULL));
    close(client);
    close(receiver);
    close(server);
}

int main(int count, char **arguments) {
    probe_start();
    interrupted();
    timeouts();
    from_handler();
    cancelled(count > 1 && strcmp(arguments[1], "the cancelled calls end") == 0);
    return 0;
}
