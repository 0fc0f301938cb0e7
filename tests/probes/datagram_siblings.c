/*
 * Servers that make a datagram socket of their own for each client: bound to the same port, connected to that client.
 */
#include "probe.h"

static int server_socket(int port, int option) {
    address at = ip("127.0.0.1", port);
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(set_option(fd, SOL_SOCKET, option, 1));
    CHECK(bind(fd, &at.any, at.length));
    return fd;
}

static void send_text(int fd, const char *text, const address *to) {
    ssize_t sent = to ? sendto(fd, text, strlen(text), 0, &to->any, to->length) : send(fd, text, strlen(text), 0);
    if (sent < 0)
        fact(text, "%s", errno_name(errno));
}

static void hears(const char *who, int fd, address *from) {
    char bytes[32];
    address any = unwritten();
    if (ready(fd, POLLIN, 2000) == 0) {
        fact(who, "nothing");
        return;
    }
    ssize_t got = recvfrom(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT, &any.any, &any.length);
    bytes[got < 0 ? 0 : got] = '\0';
    fact(who, "%s", got < 0 ? errno_name(errno) : bytes);
    if (from)
        *from = any;
}

static int new_client(const address *server, bool connects) {
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    if (connects)
        CHECK(connect(fd, &server->any, server->length));
    return fd;
}

static void serve(const char *name, int option, bool connects) {
    fact("now", "%s", name);
    int listener = server_socket(0, option);
    address at = name_of(listener), first, second;
    const address *to = connects ? NULL : &at;
    int client = new_client(&at, connects);
    send_text(client, "first asks", to);
    hears("the listener hears", listener, &first);
    int session = server_socket(port_of(&at), option);
    fact_call("connect to the first client", connect(session, &first.any, first.length));
    send_text(session, "hello, first", NULL);
    hears("the first client hears", client, NULL);
    send_text(client, "first again", to);
    hears("its session hears", session, NULL);
    int other = new_client(&at, connects);
    send_text(other, "second asks", to);
    hears("the listener hears", listener, &second);
    int other_session = server_socket(port_of(&at), option);
    fact_call("connect to the second client", connect(other_session, &second.any, second.length));
    send_text(other_session, "hello, second", NULL);
    hears("the second client hears", other, NULL);
    send_text(client, "first once more", to);
    hears("the first session hears", session, NULL);
    send_text(other, "second again", to);
    hears("the second session hears", other_session, NULL);
    fact_call("the listener has a peer", getpeername(listener, &first.any, &first.length));
    close(session);
    close(other_session);
    int late = new_client(&at, connects);
    send_text(late, "third asks", to);
    hears("the listener hears", listener, NULL);
    close(late);
    close(client);
    close(other);
    close(listener);
}

int main(void) {
    probe_start();
    serve("SO_REUSEADDR, clients that are not connected", SO_REUSEADDR, false);
    serve("SO_REUSEPORT, clients that are not connected", SO_REUSEPORT, false);
    serve("SO_REUSEADDR, connected clients", SO_REUSEADDR, true);
    serve("SO_REUSEPORT, connected clients", SO_REUSEPORT, true);
}
