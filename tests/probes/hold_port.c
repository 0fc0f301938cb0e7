/*
 * Binds a port and holds it, for tests that look at the socket file meanwhile.
 *
 * Arguments: `stream` or `datagram`, the address, the port (0: any). Prints `port: N`, then obeys: SIGUSR1 closes,
 * SIGUSR2 shuts down, SIGHUP forks a child that closes its copy and exits, SIGTERM exits, SIGQUIT ends by _exit.
 * Each is answered by a line.
 */
#include "probe.h"

int main(int count, char **arguments) {
    if (count != 4)
        return 1;
    sigset_t signals;
    sigemptyset(&signals);
    static const int numbers[] = {SIGUSR1, SIGUSR2, SIGHUP, SIGTERM, SIGQUIT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&signals, numbers[i]);
    CHECK(sigprocmask(SIG_BLOCK, &signals, NULL));
    bool stream = strcmp(arguments[1], "stream") == 0;
    int fd = bound(arguments[2], atoi(arguments[3]), stream ? SOCK_STREAM : SOCK_DGRAM);
    if (stream)
        CHECK(listen(fd, 8));
    fact("port", "%d", own_port(fd));
    while (true) {
        int number;
        pid_t pid;
        if (sigwait(&signals, &number) != 0)
            die("sigwait");
        switch (number) {
        case SIGUSR1:
            CHECK(close(fd));
            break;
        case SIGUSR2:
            fact_call("shutdown", shutdown(fd, SHUT_RDWR));
            break;
        case SIGTERM:
            exit(0);
        case SIGQUIT:
            _exit(0);
        default:
            pid = fork_peer();
            if (pid == 0) {
                close(fd);
                exit(0);
            }
            ended(pid);
        }
        fact("done", "%d", number);
    }
}
