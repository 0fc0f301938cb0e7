/*
 * A program whose connections were all of one kind makes one of another kind: the library's prediction must not show.
 * The test covers 127.0.0.1 and not 127.0.0.2.
 */
#include "probe.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

static int near, far;

static void train(int to_near, int times) {
    for (int i = 0; i < times; i++) {
        int server = to_near ? near : far;
        int client = connected(to_near ? "127.0.0.1" : "127.0.0.2", own_port(server));
        close(CHECK(accept(server, NULL, NULL)));
        close(client);
    }
}

static void connect_each(const char *story) {
    for (int to_near = 0; to_near < 2; to_near++) {
        int server = to_near ? near : far, fd = CHECK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const char *host = to_near ? "127.0.0.1" : "127.0.0.2";
        CHECK(set_option(fd, IPPROTO_IP, IP_TOS, 0x10));
        CHECK(set_option(fd, IPPROTO_IP, IP_TTL, 21));
        CHECK(set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1));
        CHECK(set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 33));
        CHECK(set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1));
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK));
        int result = connect_to(fd, host, own_port(server));
        if (result < 0 && errno != EINPROGRESS)
            die("connect");
        if (ready(fd, POLLOUT, 5000) == 0)
            die("no connection");
        address seen = unwritten(), own = name_of(fd);
        int peer = CHECK(accept(server, &seen.any, &seen.length));
        fact(story, "%s: options %d %d %d %d %d, cloexec %d, nonblock %d, agree %d", host,
             get_option(fd, IPPROTO_IP, IP_TOS), get_option(fd, IPPROTO_IP, IP_TTL),
             get_option(fd, IPPROTO_TCP, TCP_NODELAY), get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE),
             get_option(fd, SOL_SOCKET, SO_KEEPALIVE), fcntl(fd, F_GETFD), (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0,
             same_address(&seen, &own));
        close(peer);
        close(fd);
    }
}

/* Uses a socket that is never connected: to ask about interfaces. */
static void interfaces(const char *story) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    struct ifreq request = {.ifr_name = "lo"};
    if (ioctl(fd, SIOCGIFADDR, &request) < 0)
        fact(story, "SIOCGIFADDR: %s", errno_name(errno));
    else {
        address found = {.length = sizeof found.v4};
        memcpy(&found.v4, &request.ifr_addr, sizeof found.v4);
        fact(story, "SIOCGIFADDR: %s", ip_text(&found));
    }
    request = (struct ifreq){.ifr_name = "lo"};
    fact(story, "SIOCGIFFLAGS: %s",
         ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_LOOPBACK) ? "loopback" : "no");
    struct ifreq list[8];
    struct ifconf all = {.ifc_len = sizeof list, .ifc_req = list};
    fact(story, "SIOCGIFCONF: %s", ioctl(fd, SIOCGIFCONF, &all) == 0 && all.ifc_len > 0 ? "some" : "none");
    fact(story, "SIOCGIFNETMASK: %s", ioctl(fd, SIOCGIFNETMASK, &request) == 0 ? "ok" : errno_name(errno));
    struct stat status;
    fact(story, "is a socket: %s", fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? "yes" : "no");
    close(fd);
}

static void bound_elsewhere(const char *story) {
    int fd = bound("127.0.0.2", 0, SOCK_STREAM);
    CHECK(listen(fd, 8));
    address name = name_of(fd);
    fact(story, "bound elsewhere: %s", ip_text(&name));
    int client = connected("127.0.0.2", port_of(&name));
    close(CHECK(accept(fd, NULL, NULL)));
    close(client);
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact(story, "listen without bind: %s", listen(fd, 1) == 0 ? "ok" : errno_name(errno));
    name = name_of(fd);
    fact(story, "its port is ephemeral: %s", port_of(&name) >= 32768 ? "yes" : "no");
    close(fd);
    fd = CHECK(socket(AF_INET6, SOCK_STREAM, 0));
    name = name_of(fd);
    fact(story, "fresh IPv6 socket: %s %d", ip_text(&name), port_of(&name));
    fact(story, "poll of a fresh socket: 0x%x", (unsigned)ready(fd, POLLIN | POLLOUT, 0));
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    fact(story, "fresh socket to nobody elsewhere: %s",
         connect_to(fd, "127.0.0.2", free_port(SOCK_STREAM)) == 0 ? "ok" : errno_name(errno));
    close(fd);
}

/* A child inherits the socket before it is used, as worker processes do, and another program after exec. */
static void used_by_a_child(const char *story) {
    int fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    pid_t pid = fork_peer();
    if (pid == 0) {
        fact(story, "a child connects it: %s",
             connect_to(fd, "127.0.0.2", own_port(far)) == 0 ? "ok" : errno_name(errno));
        _exit(0);
    }
    ended(pid);
    close(CHECK(accept(far, NULL, NULL)));
    close(fd);
    fd = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    char numbers[2][16];
    snprintf(numbers[0], sizeof numbers[0], "%d", fd);
    snprintf(numbers[1], sizeof numbers[1], "%d", own_port(far));
    pid = fork_peer();
    if (pid == 0) {
        execl("/proc/self/exe", "after_many_connects", story, numbers[0], numbers[1], (char *)NULL);
        die("exec");
    }
    ended(pid);
    if (ready(far, POLLIN, 1000) != 0)
        close(CHECK(accept(far, NULL, NULL)));
    close(fd);
}

int main(int count, char **arguments) {
    probe_start();
    if (count == 4) {
        int result = connect_to(atoi(arguments[2]), "127.0.0.2", atoi(arguments[3]));
        fact(arguments[1], "another program connects it: %s", result == 0 ? "ok" : errno_name(errno));
        return 0;
    }
    near = listening("127.0.0.1", 0);
    far = listening("127.0.0.2", 0);
    static const char *const stories[] = {"at first", "after many to 127.0.0.1", "after many to 127.0.0.2"};
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            train(i == 1, 10);
        interfaces(stories[i]);
        if (i > 0)
            train(i == 1, 10);
        bound_elsewhere(stories[i]);
        if (i > 0)
            train(i == 1, 10);
        used_by_a_child(stories[i]);
        if (i > 0)
            train(i == 1, 10);
        connect_each(stories[i]);
    }
    return 0;
}
