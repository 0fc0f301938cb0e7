/*
 * SO_REUSEPORT in several processes: which binds succeed, that all requests are answered, that all servers get some,
 * and that the port is free after their end. (Which server gets which request is no fact.)
 */
#include "own_addresses.h"

static const int own_type = SOCK_STREAM;

static void serve(int fd, const char *text, int flags, int stop) {
    (void)flags, (void)text;
    int own = getpid();
    for (;;) {
        struct pollfd waiting[2] = {{stop, POLLIN, 0}, {fd, POLLIN, 0}};
        CHECK(poll(waiting, 2, -1));
        if (waiting[0].revents != 0)
            return;
        int client = CHECK(accept(fd, NULL, NULL));
        CHECK(write(client, &own, sizeof own));
        close(client);
    }
}

/* Whom a client reaches; 0: nobody. */
static int reached(const char *text, int port) {
    int server = 0;
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    if (connect(fd, &at.any, at.length) < 0 || read(fd, &server, sizeof server) != sizeof server)
        server = 0;
    close(fd);
    return server;
}

static bool reaches(const char *text, int port) {
    return reached(text, port) != 0;
}

/* By a hundred clients. */
static int count_servers(const char *text, int port) {
    int seen[3] = {0}, count = 0;
    for (int i = 0; i < 100; i++) {
        int server = reached(text, port), j = 0;
        while (j < count && seen[j] != server)
            j++;
        if (j == count && count < 3)
            seen[count++] = server;
    }
    return count;
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

/* Prints the result of each bind beside a server with SO_REUSEPORT on `first`. */
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
            fact("get clients", "%d of %d", count_servers("127.0.0.1", port), i + 1);
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
