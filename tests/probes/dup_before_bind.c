/* A descriptor that was duplicated, inherited or passed before bind or connect: every copy is the same socket. */
#include "probe.h"

static void line(const char *story, const char *what, bool value) {
    fact(story, "%s: %s", what, value ? "yes" : "no");
}

static void listens_on_copy(void) {
    const char *story = "bound here, listening through the copy";
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), copy = CHECK(dup(fd));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(fd, &at.any, at.length));
    address name = name_of(fd), same = name_of(copy);
    line(story, "the copy has the name", same_address(&name, &same));
    line(story, "the copy listens", listen(copy, 8) == 0);
    line(story, "the first accepts connections", get_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1);
    int client = connected("127.0.0.1", port_of(&name));
    int peer = accept(fd, NULL, NULL);
    line(story, "the first accepts one", peer >= 0);
    close(fd);
    int other = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    line(story, "the copy lives on", connect_to(other, "127.0.0.1", port_of(&name)) == 0);
    close(other);
    close(peer);
    close(client);
    close(copy);
}

static void connects(void) {
    const char *story = "duplicated, then connected";
    int server = listening("127.0.0.1", 0), fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)),
        copy = CHECK(fcntl(fd, F_DUPFD_CLOEXEC, 40));
    CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
    int peer = CHECK(accept(server, NULL, NULL));
    address remote = unwritten(), asked = ip("127.0.0.1", own_port(server));
    line(story, "the copy has the peer",
         getpeername(copy, &remote.any, &remote.length) == 0 && same_address(&remote, &asked));
    line(story, "the copy is close-on-exec still", fcntl(copy, F_GETFD) == FD_CLOEXEC);
    line(story, "the first is not", fcntl(fd, F_GETFD) == 0);
    line(story, "the copy writes", write(copy, "x", 1) == 1 && wait_byte(peer));
    close(fd);
    line(story, "the copy writes when the first is closed", write(copy, "y", 1) == 1 && wait_byte(peer));
    close(copy);
    line(story, "the peer sees the end with the last", ready(peer, POLLIN, 5000) != 0 && !wait_byte(peer));
    close(peer);
    close(server);
}

static void flags_are_shared(void) {
    const char *story = "status flags";
    int server = listening("127.0.0.1", 0), fd = CHECK(socket(AF_INET, SOCK_STREAM, 0)), copy = CHECK(dup(fd));
    CHECK(connect_to(copy, "127.0.0.1", own_port(server)));
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
    line(story, "the copy does not block either", (fcntl(copy, F_GETFL) & O_NONBLOCK) != 0);
    CHECK(set_option(copy, IPPROTO_TCP, TCP_NODELAY, 1));
    line(story, "options are shared", get_option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
    close(copy);
    close(fd);
    close(server);
}

/* Standard input and output on one socket, as inetd and shells do it. */
static void many_copies(void) {
    const char *story = "ten copies";
    int server = listening("127.0.0.1", 0), copies[10];
    copies[0] = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    for (int i = 1; i < 10; i++)
        copies[i] = CHECK(dup(copies[i - 1]));
    CHECK(connect_to(copies[4], "127.0.0.1", own_port(server)));
    int peer = CHECK(accept(server, NULL, NULL)), good = 0;
    address own = name_of(copies[4]);
    for (int i = 0; i < 10; i++) {
        address name = name_of(copies[i]);
        good += same_address(&name, &own) && write(copies[i], "x", 1) == 1 && wait_byte(peer);
    }
    fact(story, "all the same socket: %d", good);
    for (int i = 0; i < 10; i++)
        close(copies[i]);
    line(story, "the end comes with the last", !wait_byte(peer));
    close(peer);
    close(server);
}

static void datagram_copy(void) {
    const char *story = "datagram";
    int fd = CHECK(socket(AF_INET, SOCK_DGRAM, 0)), copy = CHECK(dup(fd)),
        sender = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    address at = ip("127.0.0.1", 0);
    CHECK(bind(fd, &at.any, at.length));
    address name = name_of(copy);
    CHECK(sendto(sender, "x", 1, 0, &name.any, name.length));
    line(story, "the copy receives", ready(copy, POLLIN, 5000) != 0 && wait_byte(copy));
    close(fd);
    CHECK(sendto(sender, "x", 1, 0, &name.any, name.length));
    line(story, "the copy receives when the first is closed", ready(copy, POLLIN, 5000) != 0 && wait_byte(copy));
    close(copy);
    close(sender);
}

int main(void) {
    probe_start();
    listens_on_copy();
    connects();
    flags_are_shared();
    many_copies();
    datagram_copy();
    return 0;
}
