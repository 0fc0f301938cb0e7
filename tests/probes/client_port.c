/* The port of a connected client of this process: which binds of it succeed, before and after the client's close. */
#include "probe.h"

enum { REUSEADDR = 1, REUSEPORT = 2 };

static const char *const option_names[] = {"no option", "SO_REUSEADDR", "SO_REUSEPORT", "both"};
static const char *const hows[] = {"not bound", "bound to port 0", "bound to a port"};

static int stream(int family, int options) {
    int fd = CHECK(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (options & REUSEADDR)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    if (options & REUSEPORT)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1));
    return fd;
}

static void try_bind(const char *story, const char *text, int port, int options) {
    char name[160];
    address at = ip(text, port);
    int fd = stream(at.any.sa_family, options), result = bind(fd, &at.any, at.length);
    snprintf(name, sizeof name, "%s: %s with %s", story, text, option_names[options]);
    fact_call(name, result);
    close(fd);
}

static void client(int how, int options) {
    static const char *const others[] = {"127.0.0.1", "127.0.0.2", "0.0.0.0", "::1", "::"};
    char story[80];
    int server = listening("127.0.0.1", 0), fd = stream(AF_INET, options);
    address at = ip("127.0.0.1", how == 2 ? free_port(SOCK_STREAM) : 0);
    if (how > 0)
        CHECK(bind(fd, &at.any, at.length));
    CHECK(connect_to(fd, "127.0.0.1", own_port(server)));
    int peer = CHECK(accept(server, NULL, NULL)), port = own_port(fd), copy = CHECK(dup(fd));
    snprintf(story, sizeof story, "%s, %s", hows[how], option_names[options]);
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++)
        try_bind(story, others[i], port, 0);
    for (int other = 1; other <= 3; other++)
        try_bind(story, "127.0.0.1", port, other);
    CHECK(close(fd));
    snprintf(story, sizeof story, "%s, %s, its duplicate", hows[how], option_names[options]);
    try_bind(story, "127.0.0.1", port, 0);
    struct linger reset = {1, 0};
    CHECK(setsockopt(copy, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
    CHECK(close(copy));
    ready(peer, POLLIN, 5000);
    CHECK(close(peer));
    snprintf(story, sizeof story, "%s, %s, closed", hows[how], option_names[options]);
    try_bind(story, "127.0.0.1", port, 0);
    close(server);
}

int main(void) {
    probe_start();
    for (int how = 0; how < 3; how++)
        for (int options = 0; options <= 3; options++)
            client(how, options);
    return 0;
}
