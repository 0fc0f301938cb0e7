/* Sockets of all kinds, and descriptors that are none. */
#include "interpreter.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    /* A number that no descriptor has. */
    CLOSED = 99,
};

void made(struct line *line, int fd) {
    say(line, "%s", fd < 0 ? name_of_error(errno) : "made");
}

struct kind {
    const char *name;
    int family;
    int type;
    int protocol;
};

static const struct kind KINDS[] = {
    {"tcp4", AF_INET, SOCK_STREAM, 0},
    {"tcp6", AF_INET6, SOCK_STREAM, 0},
    {"udp4", AF_INET, SOCK_DGRAM, 0},
    {"udp6", AF_INET6, SOCK_DGRAM, 0},
    {"tcp4named", AF_INET, SOCK_STREAM, IPPROTO_TCP},
    {"udp6named", AF_INET6, SOCK_DGRAM, IPPROTO_UDP},
    {"unix", AF_UNIX, SOCK_STREAM, 0},
    {"stream-udp", AF_INET, SOCK_STREAM, IPPROTO_UDP},
    {"datagram-tcp", AF_INET6, SOCK_DGRAM, IPPROTO_TCP},
    {"sequence", AF_INET, SOCK_SEQPACKET, 0},
    {"untyped", AF_INET, 0, 0},
    {"flagged", AF_INET, SOCK_STREAM | 0x40, 0},
    {"familyless", 99, SOCK_STREAM, 0},
};

/** Returns the directory of plain servers; NULL over the network. */
static const char *plain_directory(void) {
    return getenv("FUZZ_PLAIN");
}

int is_redirected(void) {
    return plain_directory() != NULL;
}

/** Opens a server that does not use the library: on a port, or where the port's control file leads. */
static int open_plain(const char *port) {
    const char *directory = plain_directory();
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(port))};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    int one = 1;
    int fd = socket(directory ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (directory) {
        snprintf(path.sun_path, sizeof(path.sun_path), "%s/%s", directory, port);
        unlink(path.sun_path);
    } else {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    }
    if (fd >= 0 && (bind(fd, directory ? (struct sockaddr *)&path : (struct sockaddr *)&v4,
                         directory ? sizeof(path) : sizeof(v4)) < 0 ||
                    listen(fd, SOMAXCONN) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/** Opens a datagram socket that does not use the library. It has a name, for replies. */
static int open_sender(void) {
    const char *directory = plain_directory();
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    int fd = socket(directory ? AF_UNIX : AF_INET, SOCK_DGRAM, 0);
    snprintf(path.sun_path, sizeof(path.sun_path), "%s/%d.%d", directory ? directory : "", getpid(), fd);
    if (directory) {
        unlink(path.sun_path);
    }
    bind(fd, directory ? (struct sockaddr *)&path : (struct sockaddr *)&v4, directory ? sizeof(path) : sizeof(v4));
    return fd;
}

void lead_plain(int fd, struct given *to) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)to->room;
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    int family = AF_INET;
    socklen_t size = sizeof(family);
    if (!is_redirected() || v4->sin_family != AF_INET || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) < 0 ||
        family != AF_UNIX) {
        return;
    }
    snprintf(path.sun_path, sizeof(path.sun_path), "%s/%d.dgram.sock", getenv("UNSOCK_DIR"), ntohs(v4->sin_port));
    memcpy(to->room, &path, sizeof(path));
    to->size = sizeof(path);
}

void open_other(struct line *line, int *fd) {
    const char *what = line->word[2];
    int pair[2] = {-1, -1};
    if (strcmp(what, "plain") == 0) {
        *fd = open_plain(line->word[3]);
    } else if (strcmp(what, "sender") == 0) {
        *fd = open_sender();
    } else if (strcmp(what, "file") == 0) {
        *fd = open("/dev/null", O_RDWR);
    } else if (strcmp(what, "pipe") == 0) {
        if (pipe(pair) == 0) {
            close(pair[1]);
        }
        *fd = pair[0];
    } else if (strcmp(what, "closed") == 0) {
        *fd = CLOSED;
    }
    made(line, *fd);
}

void make_pair(struct line *line, int *fd) {
    int pair[2] = {-1, -1};
    int type = strcmp(line->word[2], "tcp4") == 0 ? SOCK_STREAM : SOCK_DGRAM;
    (void)fd;
    ended(line, socketpair(AF_INET, type, 0, pair));
}

void make_socket(struct line *line, int *fd) {
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(*KINDS); i++) {
        if (strcmp(KINDS[i].name, line->word[2]) == 0) {
            *fd = socket(KINDS[i].family, KINDS[i].type, KINDS[i].protocol);
            made(line, *fd);
            return;
        }
    }
    say(line, "no such kind");
}
