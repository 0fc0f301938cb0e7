/*
 * Accepts one stream connection, or receives and answers one datagram, and prints the peer, as this process and as a
 * child see it. Arguments: `stream` or `datagram`, the address, the port.
 */
#include "probe.h"

static void show(const char *who, const address *peer) {
    if (peer->any.sa_family == AF_UNIX)
        fact(who, "a Unix socket");
    else
        fact(who, "%s %d", ip_text(peer), port_of(peer));
}

int main(int count, char **arguments) {
    if (count != 4)
        return 1;
    probe_start();
    address at = ip(arguments[2], atoi(arguments[3])), peer = unwritten();
    bool stream = strcmp(arguments[1], "stream") == 0;
    int fd = CHECK(socket(at.any.sa_family, stream ? SOCK_STREAM : SOCK_DGRAM, 0));
    if (stream)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (!fact_call("bind", bind(fd, &at.any, at.length)))
        return 0;
    if (stream)
        CHECK(listen(fd, 1));
    fact("port", "%d", own_port(fd));
    if (!stream) {
        char bytes[64];
        ssize_t got = CHECK(recvfrom(fd, bytes, sizeof bytes, 0, &peer.any, &peer.length));
        show("received from", &peer);
        fact_number("answered", sendto(fd, bytes, (size_t)got, 0, &peer.any, peer.length));
        close(fd);
        return 0;
    }
    int connection = CHECK(accept(fd, &peer.any, &peer.length));
    show("accepted from", &peer);
    address name = peer_of(connection);
    show("getpeername", &name);
    pid_t pid = fork_peer();
    if (pid == 0) {
        name = peer_of(connection);
        show("getpeername in a child", &name);
        _exit(0);
    }
    ended(pid);
    send_byte(connection);
    close(connection);
    close(fd);
    return 0;
}
