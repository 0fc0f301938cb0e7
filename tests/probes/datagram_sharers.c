/*
 * Which of several datagram sockets on one port get clients: with SO_REUSEPORT all of them, with SO_REUSEADDR alone the
 * newest, and with both options in use those with the newest one's option.
 */
#include "probe.h"

#define CLIENTS 40
#define SERVERS_MOST 3

enum { ADDR = 1, PORT = 2 };

static int server_socket(int port, int options) {
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    if (options & ADDR)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (options & PORT)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    CHECK(bind(fd, &at.any, at.length));
    return fd;
}

static void ask(const address *server, bool connects) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    if (connects)
        CHECK(connect(fd, &server->any, server->length));
    CHECK(connects ? send(fd, "?", 1, 0) : sendto(fd, "?", 1, 0, &server->any, server->length));
    close(fd);
}

static void share(const char *name, const int *options, int count, bool connects) {
    int fds[SERVERS_MOST], heard[SERVERS_MOST] = {0}, all = 0;
    char byte, text[96];
    fds[0] = server_socket(0, options[0]);
    address at = name_of(fds[0]);
    for (int i = 1; i < count; i++)
        fds[i] = server_socket(port_of(&at), options[i]);
    for (int client = 0; client < CLIENTS; client++) {
        ask(&at, connects);
        for (int i = 0; i < count; i++)
            while (recv(fds[i], &byte, 1, 0) == 1)
                heard[i]++, all++;
    }
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%s, %s: number %d hears", name, connects ? "connected" : "not connected", i + 1);
        fact(text, "%s", heard[i] == 0 ? "nobody" : heard[i] == all ? "everybody" : "some");
        close(fds[i]);
    }
    snprintf(text, sizeof text, "%s, %s: heard", name, connects ? "connected" : "not connected");
    fact(text, "%d", all);
}

int main(void) {
    static const struct {
        const char *name;
        int options[SERVERS_MOST], count;
    } cases[] = {
        {"address, address", {ADDR, ADDR}, 2},
        {"port, port", {PORT, PORT}, 2},
        {"both, both", {ADDR | PORT, ADDR | PORT}, 2},
        {"both, port", {ADDR | PORT, PORT}, 2},
        {"address, both", {ADDR, ADDR | PORT}, 2},
        {"both, address", {ADDR | PORT, ADDR}, 2},
        {"both, address, both", {ADDR | PORT, ADDR, ADDR | PORT}, 3},
        {"both, both, address", {ADDR | PORT, ADDR | PORT, ADDR}, 3},
        {"address, both, both", {ADDR, ADDR | PORT, ADDR | PORT}, 3},
    };
    probe_start();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        share(cases[i].name, cases[i].options, cases[i].count, false);
        share(cases[i].name, cases[i].options, cases[i].count, true);
    }
}
