/*
 * A library, preloaded beside others, whose constructor makes sockets, perhaps before the others' constructors. The
 * program early_constructor prints its results.
 */
#include "probe.h"

static int server, client, peer, receiver;
static address server_name, client_name, seen;

__attribute__((constructor)) static void begin(void) {
    server = listening("127.0.0.1", 0);
    server_name = name_of(server);
    client = connected("127.0.0.1", port_of(&server_name));
    client_name = name_of(client);
    seen = unwritten();
    peer = CHECK(accept(server, &seen.any, &seen.length));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
}

int early_server(void);
int early_server(void) {
    fact_yes("in the constructor: server saw what the client is", same_address(&seen, &client_name));
    fact("in the constructor: client's address", "%s", ip_text(&client_name));
    address now = name_of(server), remote = peer_of(client), own = name_of(client);
    fact_yes("later: listener has the same name", same_address(&now, &server_name));
    fact_yes("later: client has the same peer", same_address(&remote, &server_name));
    fact_yes("later: client has the same name", same_address(&own, &client_name));
    send_byte(client);
    fact_yes("later: the connection works", wait_byte(peer));
    address to = name_of(receiver);
    int sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(sender, "x", 1, 0, &to.any, to.length));
    fact_yes("later: the datagram socket receives", wait_byte(receiver));
    close(sender);
    close(receiver);
    close(peer);
    close(client);
    return server;
}

/* Destructors make calls too, when other libraries may have ended already. */
__attribute__((destructor)) static void end(void) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact("in the destructor: connect to the closed listener", "%s",
         connect_to(fd, "127.0.0.1", port_of(&server_name)) == 0 ? "ok" : errno_name(errno));
    close(fd);
}
