/*
 * Two processes try to bind and listen on one port at the same moment, again and again, after a process that had it was
 * killed. Each round has exactly one winner, the loser gets EADDRINUSE, and clients reach the winner.
 *
 * Arguments: how many rounds.
 */
#include "probe.h"

struct report {
    int racer;
    int error; /* 0: it listens */
};

static int port, go[2], reports[2];

static int listen_on_it(void) {
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (bind(fd, &at.any, at.length) == 0 && listen(fd, 8) == 0)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* Leaves the port as a killed process leaves it. */
static void abandon(void) {
    pid_t pid = fork_peer();
    if (pid == 0) {
        listen_on_it();
        raise(SIGKILL);
    }
    ended(pid);
}

static pid_t racer(int number) {
    pid_t pid = fork_peer();
    if (pid != 0)
        return pid;
    close(go[1]);
    /* The end of this pipe is the start for both. */
    wait_byte(go[0]);
    int fd = listen_on_it();
    struct report report = {number, fd >= 0 ? 0 : errno};
    if (write(reports[1], &report, sizeof report) != sizeof report)
        die("report");
    if (fd >= 0) {
        int peer = CHECK(accept(fd, NULL, NULL));
        if (write(peer, &number, sizeof number) != sizeof number)
            die("answer");
        close(peer);
        close(fd);
    }
    _exit(0);
}

int main(int count, char **arguments) {
    probe_start();
    int rounds = count > 1 ? atoi(arguments[1]) : 200, one_winner = 0, refused_well = 0, reached = 0, free_again = 0;
    CHECK(pipe(reports));
    port = free_port(SOCK_STREAM);
    for (int round = 0; round < rounds; round++) {
        /* Many rounds may take longer than the alarm of one. */
        alarm(PROBE_SECONDS);
        abandon();
        CHECK(pipe(go));
        pid_t racers[2] = {racer(0), racer(1)};
        close(go[0]);
        close(go[1]);
        int winners = 0, winner = -1;
        for (int i = 0; i < 2; i++) {
            struct report report;
            if (read(reports[0], &report, sizeof report) != sizeof report)
                die("read");
            if (report.error == 0) {
                winners++;
                winner = report.racer;
            } else if (report.error == EADDRINUSE) {
                refused_well++;
            } else {
                fact("unexpected", "round %d: %s", round, errno_name(report.error));
            }
        }
        one_winner += winners == 1;
        int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), answer = -1;
        if (connect_to(fd, "127.0.0.1", port) == 0 && read(fd, &answer, sizeof answer) == sizeof answer)
            reached += answer == winner;
        else
            for (int i = 0; i < 2; i++)
                kill(racers[i], SIGKILL);
        close(fd);
        for (int i = 0; i < 2; i++)
            ended(racers[i]);
        fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        free_again += connect_to(fd, "127.0.0.1", port) < 0 && errno == ECONNREFUSED;
        close(fd);
    }
    fact("rounds", "%d", rounds);
    fact("rounds with one winner", "%d", one_winner);
    fact("losers told EADDRINUSE", "%d", refused_well);
    fact("winners reached", "%d", reached);
    fact("refused afterwards", "%d", free_again);
    return 0;
}
