/*
 * Both ends of a connection agree on addresses and ports: in one process, across fork, exec and descriptor passing, for
 * clients with and without a source address of their own, and for every way to write the server's address.
 */
#include "probe.h"

#include <sys/un.h>

static void line(const char *prefix, const char *name, const char *value) {
    char text[120];
    snprintf(text, sizeof text, "%s: %s", prefix, name);
    fact(text, "%s", value);
}

static const char *yes(bool value) {
    return value ? "yes" : "no";
}

/* Everything that both ends can ask, when both are in this process. */
static void both_ends(const char *prefix, int server, int client, int asked_port, bool use_accept4) {
    address seen = unwritten();
    int peer =
        use_accept4 ? accept4(server, &seen.any, &seen.length, SOCK_CLOEXEC) : accept(server, &seen.any, &seen.length);
    CHECK(peer);
    address client_name = name_of(client), client_peer = peer_of(client), peer_name = name_of(peer),
            peer_peer = peer_of(peer);
    line(prefix, "client's own address", ip_text(&client_name));
    line(prefix, "client's peer", ip_text(&client_peer));
    line(prefix, "client's peer has the port asked for", yes(port_of(&client_peer) == asked_port));
    line(prefix, "server saw", ip_text(&seen));
    line(prefix, "server saw what the client is", yes(same_address(&seen, &client_name)));
    line(prefix, "accepted socket's peer is what accept said", yes(same_address(&seen, &peer_peer)));
    line(prefix, "accepted socket's own address", ip_text(&peer_name));
    line(prefix, "accepted socket has the server's port", yes(port_of(&peer_name) == asked_port));
    line(prefix, "asked again, the same", yes(({
             address again = peer_of(peer), own = name_of(client);
             same_address(&again, &peer_peer) && same_address(&own, &client_name);
         })));
    close(peer);
}

static void addresses_asked_for(void) {
    int server = listening("0.0.0.0", 0), port = own_port(server);
    address name = name_of(server);
    line("listener on 0.0.0.0", "own address", ip_text(&name));
    static const char *const asked[] = {"127.0.0.1", "127.0.0.7", "0.0.0.0", "127.255.255.254"};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char prefix[60];
        snprintf(prefix, sizeof prefix, "to %s", asked[i]);
        int client = connected(asked[i], port);
        both_ends(prefix, server, client, port, i % 2 == 1);
        close(client);
    }
    close(server);
    server = listening("127.0.0.9", 0);
    name = name_of(server);
    line("listener on 127.0.0.9", "own address", ip_text(&name));
    int client = connected("127.0.0.9", own_port(server));
    both_ends("listener on 127.0.0.9", server, client, own_port(server), false);
    close(client);
    close(server);
}

static void sources_bound_first(void) {
    int server = listening("127.0.0.1", 0), port = own_port(server);
    int fd = bound("127.0.0.5", 0, SOCK_STREAM);
    address before = name_of(fd);
    line("source 127.0.0.5:0", "bound address", ip_text(&before));
    line("source 127.0.0.5:0", "bound port is ephemeral", yes(port_of(&before) >= 32768));
    CHECK(connect_to(fd, "127.0.0.1", port));
    address after = name_of(fd);
    line("source 127.0.0.5:0", "keeps its port", yes(same_address(&before, &after)));
    both_ends("source 127.0.0.5:0", server, fd, port, false);
    close(fd);

    int chosen = free_port(SOCK_STREAM);
    fd = bound("127.0.0.5", chosen, SOCK_STREAM);
    CHECK(connect_to(fd, "127.0.0.1", port));
    line("source with a port", "has it", yes(own_port(fd) == chosen));
    both_ends("source with a port", server, fd, port, true);
    close(fd);

    fd = bound("0.0.0.0", chosen = free_port(SOCK_STREAM), SOCK_STREAM);
    CHECK(connect_to(fd, "127.0.0.1", port));
    line("wildcard source with a port", "has it", yes(own_port(fd) == chosen));
    both_ends("wildcard source with a port", server, fd, port, true);
    close(fd);
    close(server);
}

/* Two connections at once: each has a port of its own. */
static void ports_differ(void) {
    int server = listening("127.0.0.1", 0), clients[20];
    bool differ = true, ephemeral = true;
    for (int i = 0; i < 20; i++) {
        clients[i] = connected("127.0.0.1", own_port(server));
        int port = own_port(clients[i]);
        if (port < 32768 || port > 60999)
            ephemeral = false;
        for (int k = 0; k < i; k++)
            if (own_port(clients[k]) == port)
                differ = false;
    }
    fact_yes("twenty clients have different ports", differ);
    fact_yes("twenty clients have ephemeral ports", ephemeral);
    for (int i = 0; i < 20; i++) {
        int peer = CHECK(accept(server, NULL, NULL));
        address seen = peer_of(peer), own = name_of(clients[i]);
        if (!same_address(&seen, &own))
            fact("accepted in order", "no, client %d", i);
        close(peer);
        close(clients[i]);
    }
    close(server);
}

/* The client is another process: it tells its own view through the connection. */
static void across_fork(void) {
    int server = listening("127.0.0.1", 0), port = own_port(server);
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(server);
        int client = connected("127.0.0.1", port);
        address views[2] = {name_of(client), peer_of(client)};
        if (write(client, views, sizeof views) != sizeof views)
            die("write views");
        wait_byte(client);
        _exit(0);
    }
    address seen = unwritten(), views[2];
    int peer = CHECK(accept(server, &seen.any, &seen.length));
    if (recv(peer, views, sizeof views, MSG_WAITALL) != sizeof views)
        die("read views");
    address own = name_of(peer);
    line("client in a child", "server saw what the client is", yes(same_address(&seen, &views[0])));
    line("client in a child", "client's peer is the accepted socket", yes(same_address(&own, &views[1])));
    /* A grandchild that inherits the accepted socket sees the same. */
    pid_t reader = fork_peer();
    if (reader == 0) {
        address again = peer_of(peer), mine = name_of(peer);
        _exit(same_address(&again, &seen) && same_address(&mine, &own) ? 0 : 1);
    }
    line("accepted socket in a child", "same addresses", yes(ended(reader) == 0));
    close(peer);
    line("client in a child", "ended well", yes(ended(pid) == 0));
    close(server);
}

/* The program executes itself with the descriptors and tells what it sees there. */
static void describe_inherited(char **arguments) {
    static const char *const names[] = {"listener", "client", "accepted"};
    for (int i = 0; i < 3; i++) {
        int fd = atoi(arguments[i]);
        address name = name_of(fd);
        char text[60];
        snprintf(text, sizeof text, "after exec: %s", names[i]);
        line(text, "own address", ip_text(&name));
        line(text, "own port as before", yes(port_of(&name) == atoi(arguments[3 + i])));
        if (i == 0)
            continue;
        address peer = peer_of(fd);
        line(text, "peer", ip_text(&peer));
        line(text, "peer's port as before", yes(port_of(&peer) == atoi(arguments[i == 1 ? 5 : 4])));
    }
    int listener = atoi(arguments[0]);
    int client = connected("127.0.0.1", own_port(listener));
    both_ends("after exec: new connection", listener, client, own_port(listener), true);
}

static void across_exec(void) {
    int server = listening("127.0.0.1", 0), client = connected("127.0.0.1", own_port(server));
    int peer = CHECK(accept(server, NULL, NULL));
    CHECK(fcntl(server, F_SETFD, 0));
    CHECK(fcntl(client, F_SETFD, 0));
    pid_t pid = fork_peer();
    if (pid == 0) {
        char text[6][16];
        int values[6] = {server, client, peer, own_port(server), own_port(client), own_port(peer)};
        for (int i = 0; i < 6; i++)
            snprintf(text[i], sizeof text[i], "%d", values[i]);
        execl("/proc/self/exe", "stream_addresses", text[0], text[1], text[2], text[3], text[4], text[5], NULL);
        die("exec");
    }
    fact("after exec: exit status", "%d", ended(pid));
    close(peer);
    close(client);
    close(server);
}

static void pass(int channel, int fd) {
    char byte = 'x', space[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(sendmsg(channel, &message, 0));
}

static int receive(int channel) {
    int fd = -1;
    char byte, space[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    CHECK(recvmsg(channel, &message, 0));
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header == NULL || header->cmsg_type != SCM_RIGHTS)
        die("no descriptor came");
    memcpy(&fd, CMSG_DATA(header), sizeof fd);
    return fd;
}

/* A worker that was forked before the sockets existed is handed a listener, accepts, and hands the connection back. */
static void across_rights(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    pid_t pid = fork_peer();
    if (pid == 0) {
        close(pair[0]);
        int listener = receive(pair[1]);
        address name = name_of(listener), seen = unwritten();
        line("passed listener", "own address", ip_text(&name));
        int peer = CHECK(accept(listener, &seen.any, &seen.length));
        if (write(peer, &seen, sizeof seen) != sizeof seen)
            die("write");
        pass(pair[1], peer);
        _exit(0);
    }
    close(pair[1]);
    int server = listening("127.0.0.1", 0);
    pass(pair[0], server);
    int client = connected("127.0.0.1", own_port(server));
    address seen, own = name_of(client);
    if (recv(client, &seen, sizeof seen, MSG_WAITALL) != sizeof seen)
        die("read");
    line("passed listener", "worker saw what the client is", yes(same_address(&seen, &own)));
    int peer = receive(pair[0]);
    address remote = peer_of(peer), local = name_of(peer);
    line("passed connection", "peer is the client", yes(same_address(&remote, &own)));
    line("passed connection", "own address", ip_text(&local));
    line("passed connection", "own port is the server's", yes(port_of(&local) == own_port(server)));
    fact("worker's exit status", "%d", ended(pid));
    close(peer);
    close(client);
    close(server);
    close(pair[0]);
}

int main(int count, char **arguments) {
    probe_start();
    if (count == 7) {
        describe_inherited(arguments + 1);
        return 0;
    }
    addresses_asked_for();
    sources_bound_first();
    ports_differ();
    across_fork();
    across_exec();
    across_rights();
    int fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    address name = name_of(fresh);
    line("fresh socket", "own address", ip_text(&name));
    fact("fresh socket: own port", "%d", port_of(&name));
    return 0;
}
