/* One port on several addresses, over streams. */
#include "own_addresses.h"

static const int own_type = SOCK_STREAM;

/* Answers each client with its own address, as accept's socket tells it. */
static void serve(int fd, const char *text, int flags, int stop) {
    for (;;) {
        char line[200];
        address peer = unwritten();
        struct pollfd waiting[2] = {{stop, POLLIN, 0}, {fd, POLLIN, 0}};
        CHECK(poll(waiting, flags & ONLY_BOUND ? 1 : 2, -1));
        if (waiting[0].revents != 0)
            return;
        int client = CHECK(accept(fd, &peer.any, &peer.length));
        address own = name_of(client);
        int length = snprintf(line, sizeof line, "%s as %s from port %d", text, ip_text(&own), port_of(&peer));
        CHECK(write(client, line, (size_t)length));
        close(client);
    }
}

static void ask(const char *name, const char *text, int port) {
    char line[200], whole[300];
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, SOCK_STREAM, 0));
    snprintf(whole, sizeof whole, "%s: %s", name, text);
    if (connect(fd, &at.any, at.length) < 0) {
        fact(whole, "%s", errno_name(errno));
        close(fd);
        return;
    }
    ssize_t count = CHECK(read(fd, line, sizeof line - 1));
    line[count] = '\0';
    address own = name_of(fd), peer = unwritten();
    CHECK(getpeername(fd, &peer.any, &peer.length));
    char *from = strstr(line, " from port ");
    bool same = from != NULL && atoi(from + 11) == port_of(&own);
    if (from != NULL)
        *from = '\0';
    fact(whole, "%s, peer %s, ports %s", line, ip_text(&peer), same && port_of(&peer) == port ? "right" : "wrong");
    close(fd);
}

static bool reaches(const char *text, int port) {
    char line[200] = "";
    int fd = connected(text, port);
    ssize_t count = CHECK(read(fd, line, sizeof line - 1));
    line[count] = '\0';
    size_t length = strlen(text);
    close(fd);
    return strncmp(line, text, length) == 0 && line[length] == ' ';
}

/* Refused: nobody has the address, though others have the port. */
static const char *const strangers[] = {"127.0.0.1", "127.0.0.9", "::1", NULL};

static const struct story stream_stories[] = {
    {"asked at another address", {"127.0.0.1"}, {0}, strangers},
    {"two asked at another address", {"127.0.0.1", "127.0.0.2"}, {0}, strangers},
    {"an IPv6 server asked by IPv4", {"::1"}, {0}, strangers},
    {"IPv6's wildcard alone asked by IPv4", {"::"}, {V6ONLY}, strangers},
    {"the wildcard asked by IPv6", {"0.0.0.0"}, {0}, strangers},
    {"nobody asked", {NULL}, {0}, strangers},
    {"the same, SO_REUSEADDR", {"127.0.0.1", "127.0.0.1"}, {REUSEADDR, REUSEADDR}, no_clients},
    {"an address beside the wildcard, SO_REUSEADDR", {"0.0.0.0", "127.0.0.1"}, {REUSEADDR, REUSEADDR}, no_clients},
    {"the wildcard beside an address, SO_REUSEADDR", {"127.0.0.1", "0.0.0.0"}, {REUSEADDR, REUSEADDR}, no_clients},
    {"only bound, and another address", {"127.0.0.1", "127.0.0.2"}, {ONLY_BOUND, 0}, NULL},
    {"another address, only bound", {"127.0.0.1", "127.0.0.2"}, {0, ONLY_BOUND}, NULL},
    {"only bound, the same address", {"127.0.0.1", "127.0.0.1"}, {ONLY_BOUND, 0}, no_clients},
    {"only bound, and the wildcard", {"127.0.0.1", "0.0.0.0"}, {ONLY_BOUND, 0}, v4_only + 2},
};

int main(void) {
    probe_start();
    tell_all();
    for (size_t i = 0; i < sizeof stream_stories / sizeof stream_stories[0]; i++)
        tell_story(&stream_stories[i]);
    return 0;
}
