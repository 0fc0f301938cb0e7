/* Connections in a backlog: one thread connects many times before it accepts, with small backlogs, blocking or not. */
#include "probe.h"

#define CLIENTS 50

static void from_one_thread(const char *name, int backlog, int flags, int clients) {
    int server = bound("127.0.0.1", 0, SOCK_STREAM), fds[CLIENTS], accepted = 0, matched = 0;
    CHECK(listen(server, backlog));
    for (int i = 0; i < clients; i++) {
        fds[i] = CHECK(socket(AF_INET, SOCK_STREAM | flags, 0));
        if (connect_to(fds[i], "127.0.0.1", own_port(server)) < 0 && errno != EINPROGRESS) {
            fact(name, "client %d: %s", i, errno_name(errno));
            return;
        }
    }
    for (int i = 0; i < clients; i++) {
        if (ready(server, POLLIN, 5000) == 0)
            break;
        address seen = unwritten();
        int peer = CHECK(accept(server, &seen.any, &seen.length));
        accepted++;
        for (int k = 0; k < clients; k++) {
            address own = name_of(fds[k]);
            matched += same_address(&own, &seen);
        }
        send_byte(peer);
        close(peer);
    }
    int answered = 0;
    for (int i = 0; i < clients; i++) {
        if (ready(fds[i], POLLIN, 5000) != 0)
            answered += wait_byte(fds[i]);
        close(fds[i]);
    }
    fact(name, "%d accepted, %d matched, %d answered", accepted, matched, answered);
    close(server);
}

/* Clients that were closed before they were accepted are still accepted, and end at once. */
static void gone_before(void) {
    int server = listening("127.0.0.1", 0), ends = 0;
    address names[5];
    for (int i = 0; i < 5; i++) {
        int client = connected("127.0.0.1", own_port(server));
        names[i] = name_of(client);
        close(client);
    }
    for (int i = 0; i < 5; i++) {
        address seen = unwritten();
        int peer = CHECK(accept(server, &seen.any, &seen.length));
        char byte;
        ends += same_address(&seen, &names[i]) && read(peer, &byte, 1) == 0;
        close(peer);
    }
    fact("closed before accepted: known, and at their end", "%d", ends);
    /* A listener that closes takes its waiting clients with it. */
    int client = connected("127.0.0.1", own_port(server));
    CHECK(close(server));
    char byte;
    if (ready(client, POLLIN | POLLHUP | POLLERR, 5000) == 0)
        die("no news");
    fact("a client that nobody accepted", "%s", read(client, &byte, 1) < 0 ? errno_name(errno) : "end of file");
    close(client);
}

/* How many non-blocking clients are connected before anybody accepts, beyond a backlog of 1. */
static void many_at_once(void) {
    int server = bound("127.0.0.1", 0, SOCK_STREAM), fds[CLIENTS], done = 0;
    CHECK(listen(server, 1));
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
        done += connect_to(fds[i], "127.0.0.1", own_port(server)) == 0 || ready(fds[i], POLLOUT, 2) != 0;
    }
    fact("backlog 1, connected at once", "%d of %d", done, CLIENTS);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    close(server);
}

int main(void) {
    probe_start();
    from_one_thread("backlog 128, blocking", 128, 0, CLIENTS);
    from_one_thread("backlog 128, non-blocking", 128, SOCK_NONBLOCK, CLIENTS);
    from_one_thread("backlog 1, two blocking", 1, 0, 2);
    from_one_thread("backlog 1, two non-blocking", 1, SOCK_NONBLOCK, 2);
    many_at_once();
    gone_before();
    return 0;
}
