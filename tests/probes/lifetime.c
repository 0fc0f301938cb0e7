/*
 * How long a listener lives: forks that close or exit in every order, daemons, exec, _exit, SIGKILL, duplicates and
 * every way to close. The facts: whether a new client connects, and whether the port can be bound again.
 */
#include "probe.h"

#include <linux/close_range.h>

static void say(const char *story, const char *what, const char *value) {
    fact(story, "%s: %s", what, value);
}

/* Whether a new client is accepted into the backlog, and whether a process can bind the port for itself. */
static void judge(const char *story, const char *when, int port) {
    char text[160];
    int fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    snprintf(text, sizeof text, "%s: connect", when);
    say(story, text, connect_to(fd, "127.0.0.1", port) == 0 ? "ok" : errno_name(errno));
    close(fd);
    /* In a child, because a second socket of the same process has rules of its own. */
    pid_t pid = fork_peer();
    if (pid == 0) {
        close_range(3, ~0u, 0);
        fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
        address at = ip("127.0.0.1", port);
        snprintf(text, sizeof text, "%s: bind", when);
        say(story, text, bind(fd, &at.any, at.length) == 0 ? "ok" : errno_name(errno));
        CHECK(close(fd));
        _exit(0);
    }
    if (ended(pid) != 0)
        die("judge");
}

static int server, port;

static void begin(void) {
    server = listening("127.0.0.1", 0);
    port = own_port(server);
}

static void close_and_judge(const char *story) {
    CHECK(close(server));
    judge(story, "after the last close", port);
}

/* Runs `how` in a child that has the listener too, waits for its end, and judges. */
static void child_does(const char *story, void (*how)(void)) {
    begin();
    pid_t pid = fork_peer();
    if (pid == 0) {
        how();
        _exit(0);
    }
    ended(pid);
    judge(story, "after the child", port);
    close_and_judge(story);
}

static void closes(void) {
    CHECK(close(server));
}
static void exits(void) {
    exit(0);
}
static void exits_at_once(void) {
    _exit(0);
}
static void kills_itself(void) {
    raise(SIGKILL);
}
static void closes_range(void) {
    CHECK(close_range(3, ~0u, 0));
}
static void closes_from(void) {
    closefrom(3);
}
static void marks_cloexec(void) {
    CHECK(close_range(3, ~0u, CLOSE_RANGE_CLOEXEC));
    execl("/bin/true", "true", NULL);
}
static void executes(void) {
    execl("/bin/true", "true", NULL);
}
/* Of what it inherits the executed program knows nothing yet. */
static void executes_itself(const char *what) {
    char text[16];
    snprintf(text, sizeof text, "%d", server);
    fcntl(server, F_SETFD, 0);
    execl("/proc/self/exe", "lifetime", text, what, NULL);
}
static void executed_shuts(void) {
    executes_itself("shuts");
}
static void executed_listens_again(void) {
    executes_itself("listens");
}
static void executed(int inherited, const char *what) {
    say("executed", what, shutdown(inherited, SHUT_RDWR) == 0 ? "ok" : errno_name(errno));
    if (strcmp(what, "listens") == 0)
        say("executed", "listen", listen(inherited, 1) == 0 ? "ok" : errno_name(errno));
}
static void puts_over(void) {
    CHECK(dup2(STDIN_FILENO, server));
}
static void puts_over3(void) {
    CHECK(dup3(STDIN_FILENO, server, O_CLOEXEC));
}
static void closes_stream(void) {
    fclose(fdopen(server, "r+"));
}

/* The parent of a daemon exits at once or closes its copy; the daemon goes on serving. */
static void daemon_serves(const char *story, bool parent_closes_only) {
    int ports[2], go[2];
    CHECK(pipe(ports));
    CHECK(pipe(go));
    pid_t parent = fork_peer();
    if (parent == 0) {
        begin();
        pid_t daemon = fork_peer();
        if (daemon == 0) {
            CHECK(setsid());
            /* Says its port only when the parent has gone, or has closed its copy. */
            wait_byte(go[0]);
            if (!parent_closes_only)
                while (getppid() == parent)
                    poll(NULL, 0, 5);
            if (write(ports[1], &port, sizeof port) != sizeof port)
                die("write");
            close(ports[1]);
            close(CHECK(accept(server, NULL, NULL)));
            wait_byte(go[0]);
            exit(0);
        }
        if (!parent_closes_only) {
            send_byte(go[1]);
            exit(0);
        }
        CHECK(close(server));
        send_byte(go[1]);
        ended(daemon);
        exit(0);
    }
    close(ports[1]);
    if (!parent_closes_only)
        ended(parent);
    /* The daemon sees another parent id only after the parent was waited for. */
    if (read(ports[0], &port, sizeof port) != sizeof port)
        die("read");
    judge(story, "while the daemon serves", port);
    send_byte(go[1]);
    /* The end of the pipe of ports cannot tell the daemon's end, so connecting is tried until it is refused. */
    for (int i = 0; i < 1000; i++) {
        int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        int refused = connect_to(fd, "127.0.0.1", port) < 0;
        close(fd);
        if (refused)
            break;
        poll(NULL, 0, 5);
    }
    if (parent_closes_only)
        ended(parent);
    judge(story, "after the daemon", port);
    close(ports[0]);
    close(go[0]);
    close(go[1]);
}

/* The parent's copy closes first, while the child still has its own. */
static void child_outlives(void) {
    int go[2];
    CHECK(pipe(go));
    begin();
    pid_t pid = fork_peer();
    if (pid == 0) {
        wait_byte(go[0]);
        CHECK(close(server));
        _exit(0);
    }
    CHECK(close(server));
    judge("the parent closes first", "the child has it", port);
    send_byte(go[1]);
    ended(pid);
    judge("the parent closes first", "the child closed too", port);
    close(go[0]);
    close(go[1]);
}

static void killed_and_restarted(void) {
    int ready_pipe[2];
    CHECK(pipe(ready_pipe));
    port = free_port(SOCK_STREAM);
    for (int round = 0; round < 2; round++) {
        pid_t pid = fork_peer();
        if (pid == 0) {
            server = listening("127.0.0.1", port);
            send_byte(ready_pipe[1]);
            pause();
        }
        wait_byte(ready_pipe[0]);
        int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
        say("killed and restarted", "connect while it runs",
            connect_to(fd, "127.0.0.1", port) == 0 ? "ok" : errno_name(errno));
        CHECK(kill(pid, SIGKILL));
        ended(pid);
        close(fd);
        judge("killed and restarted", "after SIGKILL", port);
    }
    close(ready_pipe[0]);
    close(ready_pipe[1]);
}

static void duplicates(const char *story, int (*duplicate)(void)) {
    begin();
    int copy = duplicate();
    CHECK(close(server));
    judge(story, "the duplicate is left", port);
    address name = name_of(copy);
    say(story, "the duplicate has the port", port_of(&name) == port ? "yes" : "no");
    int client = connected("127.0.0.1", port), peer = CHECK(accept(copy, NULL, NULL));
    say(story, "the duplicate accepts", peer >= 0 ? "yes" : "no");
    close(peer);
    close(client);
    server = copy;
    close_and_judge(story);
}

static int by_dup(void) {
    return CHECK(dup(server));
}
static int by_fcntl(void) {
    return CHECK(fcntl(server, F_DUPFD, 100));
}
static int by_fcntl_cloexec(void) {
    return CHECK(fcntl(server, F_DUPFD_CLOEXEC, 200));
}
static int by_dup2(void) {
    return CHECK(dup2(server, 150));
}
static int by_dup3(void) {
    return CHECK(dup3(server, 151, O_CLOEXEC));
}

/* In this process: closing in each way frees the port. */
static void way_to_close(const char *story, void (*how)(void)) {
    begin();
    how();
    judge(story, "afterwards", port);
    if (fcntl(server, F_GETFD) >= 0)
        close(server);
}

static void closes_only_it(void) {
    CHECK(close_range((unsigned)server, (unsigned)server, 0));
}

/* A port that the program chose stays the socket's own, so that it can listen there once more. */
static void shut_down_and_listen_again(void) {
    const char *story = "shutdown of a listener";
    server = listening("127.0.0.1", port = free_port(SOCK_STREAM));
    int waits = connected("127.0.0.1", port);
    send_byte(waits);
    CHECK(shutdown(server, SHUT_RDWR));
    say(story, "a client in its queue hears of it", ready(waits, POLLIN, 5000) ? "yes" : "no");
    char byte;
    say(story, "as", recv(waits, &byte, 1, MSG_DONTWAIT) < 0 ? errno_name(errno) : "the end");
    close(waits);
    judge(story, "afterwards", port);
    address name = name_of(server);
    say(story, "keeps its port", port_of(&name) == port ? "yes" : "no");
    say(story, "listen again", listen(server, 1) == 0 ? "ok" : errno_name(errno));
    judge(story, "listening again", port);
    close_and_judge(story);
}

int main(int argc, char **argv) {
    probe_start();
    if (argc == 3)
        return executed(atoi(argv[1]), argv[2]), 0;
    child_does("a child closes its copy", closes);
    child_does("a child exits", exits);
    child_does("a child ends by _exit", exits_at_once);
    child_does("a child is killed", kills_itself);
    child_does("a child closes all by close_range", closes_range);
    child_does("a child closes all by closefrom", closes_from);
    child_does("a child executes, all marked close-on-exec", marks_cloexec);
    child_does("a child executes", executes);
    child_does("a child executes, and shuts it down", executed_shuts);
    child_does("a child executes, shuts it down and listens again", executed_listens_again);
    child_does("a child puts another over it by dup2", puts_over);
    child_does("a child puts another over it by dup3", puts_over3);
    child_does("a child closes a stream on it", closes_stream);
    child_outlives();
    daemon_serves("daemon, the parent exits", false);
    daemon_serves("daemon, the parent closes", true);
    killed_and_restarted();
    duplicates("dup", by_dup);
    duplicates("F_DUPFD", by_fcntl);
    duplicates("F_DUPFD_CLOEXEC", by_fcntl_cloexec);
    duplicates("dup2", by_dup2);
    duplicates("dup3", by_dup3);
    way_to_close("close", closes);
    way_to_close("dup2 over it", puts_over);
    way_to_close("dup3 over it", puts_over3);
    way_to_close("fclose", closes_stream);
    way_to_close("close_range of one", closes_only_it);
    way_to_close("closefrom", closes_from);
    shut_down_and_listen_again();
    return 0;
}
