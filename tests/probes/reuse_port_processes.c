/*
 * SO_REUSEPORT in several processes: who may bind beside whom, that all requests are answered, by one of them, and that
 * the port is free when they have gone. (Over TCP the kernel spreads clients over all; who gets which is no fact.)
 */
#include "own_addresses.h"

static const int own_type = SOCK_STREAM;

static void serve(int fd, const char *text, int flags, int stop) {
    (void)flags;
    for (;;) {
        struct pollfd waiting[2] = {{stop, POLLIN, 0}, {fd, POLLIN, 0}};
        CHECK(poll(waiting, 2, -1));
        if (waiting[0].revents != 0)
            return;
        int client = CHECK(accept(fd, NULL, NULL));
        CHECK(write(client, text, strlen(text)));
        close(client);
    }
}

static bool reaches(const char *text, int port) {
    char line[100] = "";
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    bool answered = connect(fd, &at.any, at.length) == 0 && read(fd, line, sizeof line - 1) > 0;
    close(fd);
    return answered;
}

static void ask(const char *name, const char *text, int port) {
    int answers = 0;
    for (int i = 0; i < 20; i++)
        answers += reaches(text, port);
    fact(name, "%d of 20 are answered", answers);
}

static void bind_another(const char *name, const char *text, int port, int flags) {
    struct server server = start(text, port, flags);
    fact(name, "%s", errno_name(server.error));
    stop(&server, false);
}

/* What the kernel says to each of these beside one with SO_REUSEPORT on `first`. */
static void beside(const char *first) {
    static const char *const others[] = {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1"};
    char name[200];
    int port = free_port(SOCK_STREAM);
    struct server server = start(first, port, REUSEPORT);
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "%s, then %s", first, others[i]);
        bind_another(name, others[i], port, REUSEPORT);
        snprintf(name, sizeof name, "%s, then %s without it", first, others[i]);
        bind_another(name, others[i], port, REUSEADDR);
    }
    stop(&server, false);
    server = start(first, port, REUSEADDR);
    snprintf(name, sizeof name, "%s without it, then with it", first);
    bind_another(name, first, port, REUSEPORT);
    stop(&server, false);
}

int main(void) {
    probe_start();
    for (int killed = 0; killed < 2; killed++) {
        const char *how = killed ? "killed" : "closed";
        char name[100];
        int port = free_port(SOCK_STREAM);
        struct server servers[3];
        for (int i = 0; i < 3; i++) {
            servers[i] = start("127.0.0.1", port, REUSEPORT | REUSEADDR); /* the latter for TIME_WAIT */
            fact("bind", "%s", errno_name(servers[i].error));
            ask("all there", "127.0.0.1", port);
        }
        static const int order[] = {2, 0, 1};
        for (int i = 0; i < 3; i++) {
            stop(&servers[order[i]], killed);
            snprintf(name, sizeof name, "%d %s", i + 1, how);
            ask(name, "127.0.0.1", port);
        }
        snprintf(name, sizeof name, "all %s: free for others", how);
        bind_another(name, "127.0.0.1", port, REUSEADDR);
    }
    beside("127.0.0.1");
    beside("0.0.0.0");
    return 0;
}
