/*
 * A UDP server on one port, with clients on ephemeral ports. The test covers that port alone, and replies must arrive.
 */
#include "probe.h"

#define PORT 20053

static void ask(const char *story, int client, int server, bool connect_first) {
    address to = ip("127.0.0.1", PORT), from = unwritten(), back = unwritten();
    char bytes[8];
    if (connect_first)
        CHECK(connect(client, &to.any, to.length));
    fact_number(story, sendto(client, "ask", 3, 0, connect_first ? NULL : &to.any, connect_first ? 0 : to.length));
    if (ready(server, POLLIN, 2000) == 0)
        die("no request");
    CHECK(recvfrom(server, bytes, sizeof bytes, 0, &from.any, &from.length));
    fact(story, "asked from %s, its own port: %s", ip_text(&from), port_of(&from) == own_port(client) ? "yes" : "no");
    CHECK(sendto(server, "answer", 6, 0, &from.any, from.length));
    bool came = ready(client, POLLIN, 2000) != 0;
    fact(story, "answered: %s", came ? "yes" : "no");
    if (!came)
        return;
    CHECK(recvfrom(client, bytes, sizeof bytes, 0, &back.any, &back.length));
    fact(story, "from where it was asked: %s", same_address(&back, &to) ? "yes" : "no");
}

int main(void) {
    probe_start();
    int server = bound("127.0.0.1", PORT, SOCK_DGRAM), client = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    ask("unconnected", client, server, false);
    ask("then connected", client, server, true);
    close(client);
    ask("connected", client = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), server, true);
    close(client);
    ask("bound first", client = bound("127.0.0.1", 0, SOCK_DGRAM), server, false);
    close(client);
    int listener = listening("127.0.0.1", PORT), stream = connected("127.0.0.1", PORT);
    address seen = unwritten(), own = name_of(stream);
    int peer = CHECK(accept(listener, &seen.any, &seen.length));
    fact_yes("stream: server saw what the client is", same_address(&seen, &own));
    close(peer);
    close(stream);
    close(listener);
    close(server);
    return 0;
}
