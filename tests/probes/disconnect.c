/* connect(AF_UNSPEC) on a connected stream: its results for the program and for the peer, and the calls after it. */
#include "probe.h"

static int disconnect(int fd) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    return connect(fd, &none, sizeof none);
}

static void fact_name(const char *what, int fd, int before) {
    address name = name_of(fd);
    int port = port_of(&name);
    fact(what, "%s, port %s", ip_text(&name), port == 0 ? "0" : port == before ? "as before" : "another");
}

/* `local`: as the program bound it, to a port of its choice. */
static void end_bound(const char *local, const char *where) {
    char data[16];
    address remote = unwritten();
    int server = listening(where, 0), port = own_port(server), own = free_port(SOCK_STREAM);
    int fd = bound(local, own, SOCK_STREAM);
    for (int i = 0; i < 2; i++) {
        fact_call("connects", connect_to(fd, where, port));
        int peer = CHECK(accept(server, NULL, NULL));
        fact_name("connected", fd, own);
        /* Unread, so that the peer is reset. */
        CHECK(send(peer, "abc", 3, 0));
        ready(fd, POLLIN, 5000);
        fact_call("ends", disconnect(fd));
        fact_name("ended", fd, own);
        fact_call("getpeername", getpeername(fd, &remote.any, &remote.length));
        fact("the peer's events", "0x%x", ready(peer, POLLIN | POLLOUT | POLLRDHUP, 5000));
        fact_number("the peer reads", read(peer, data, sizeof data));
        close(peer);
    }
    fact_call("ends twice", disconnect(fd));
    fact_name("ended twice", fd, own);
    fact_call("listens", listen(fd, 1));
    fact_name("listening", fd, own);
    int client = connected(where, own), peer = CHECK(accept(fd, NULL, NULL));
    fact_number("is heard", send(client, "x", 1, 0));
    fact_number("hears", read(peer, data, sizeof data));
    close(client);
    close(peer);
    close(fd);
    close(server);
}

static void others(void) {
    char data[16];
    int server = listening("127.0.0.1", 0), fd = connected("127.0.0.1", own_port(server)), own = own_port(fd);
    int peer = CHECK(accept(server, NULL, NULL));
    fact_call("unbound", disconnect(fd));
    fact_name("unbound, its name", fd, own);
    fact("its error", "%s", errno_name(get_option(fd, SOL_SOCKET, SO_ERROR)));
    ready(peer, POLLIN, 5000);
    fact_number("its peer reads", read(peer, data, sizeof data));
    close(peer);
    fact_call("connects again", connect_to(fd, "127.0.0.1", own_port(server)));
    peer = CHECK(accept(server, NULL, NULL));
    int copy = CHECK(dup(fd));
    fact_call("a duplicate ends", disconnect(copy));
    address remote = unwritten();
    fact_call("the other one", getpeername(fd, &remote.any, &remote.length));
    fact_call("connects once more", connect_to(fd, "127.0.0.1", own_port(server)));
    fact_name("the duplicate", copy, own_port(fd));
}

int main(void) {
    probe_start();
    end_bound("127.0.0.1", "127.0.0.1");
    end_bound("0.0.0.0", "127.0.0.1");
    end_bound("::1", "::1");
    end_bound("::", "::1");
    others();
}
