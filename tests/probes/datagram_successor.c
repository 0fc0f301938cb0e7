/* A client connects its datagram socket once (syslog, statsd), and the server restarts: the new one receives from it.
 */
#include "probe.h"

#include <sys/uio.h>

typedef ssize_t send_call(int fd, const char *data, size_t size);

static ssize_t by_write(int fd, const char *data, size_t size) {
    return write(fd, data, size);
}
static ssize_t by_writev(int fd, const char *data, size_t size) {
    struct iovec parts[2] = {{(char *)data, 1}, {(char *)data + 1, size - 1}};
    return writev(fd, parts, 2);
}
static ssize_t by_send(int fd, const char *data, size_t size) {
    return send(fd, data, size, 0);
}
static ssize_t by_sendto(int fd, const char *data, size_t size) {
    return sendto(fd, data, size, 0, NULL, 0);
}

static void show_received(const char *name, int server, int client) {
    char text[16] = "";
    address from = unwritten(), own = name_of(client);
    if (ready(server, POLLIN, 5000) == 0) {
        fact(name, "nothing");
        return;
    }
    CHECK(recvfrom(server, text, sizeof text - 1, 0, &from.any, &from.length));
    fact(name, "%s, %s", text, same_address(&from, &own) ? "from the client's name" : "from another name");
}

static void one(const char *call, send_call *put, const char *server_text) {
    char name[100];
    int server = bound(server_text, 0, SOCK_DGRAM), port = own_port(server);
    address at = name_of(server);
    int client = CHECK(socket(at.any.sa_family, SOCK_DGRAM, 0));
    CHECK(connect(client, &at.any, at.length));
    fact_number(call, put(client, "first", 5));
    show_received("the first server has", server, client);

    CHECK(close(server));
    server = bound(server_text, port, SOCK_DGRAM);
    snprintf(name, sizeof name, "%s, server is another", call);
    fact_number(name, put(client, "second", 6));
    show_received("the second server has", server, client);

    CHECK(close(server));
    for (int i = 0; i < 3; i++)
        put(client, "lost", 4);
    snprintf(name, sizeof name, "%s, nobody there", call);
    fact_yes(name, put(client, "lost", 4) < 0 && errno == ECONNREFUSED);
    server = bound(server_text, port, SOCK_DGRAM);
    /* An error may wait to be told; the datagram of that call is lost. */
    ssize_t sent = put(client, "third", 5);
    if (sent < 0)
        sent = put(client, "third", 5);
    snprintf(name, sizeof name, "%s, server is there again", call);
    fact_number(name, sent);
    show_received("the third server has", server, client);
    CHECK(close(server));
    CHECK(close(client));
}

int main(void) {
    probe_start();
    for (int i = 0; i < 2; i++) {
        const char *text = i == 0 ? "127.0.0.1" : "::1";
        one("write", by_write, text);
        one("writev", by_writev, text);
        one("send", by_send, text);
        one("sendto", by_sendto, text);
    }
    return 0;
}
