/* The tour's scenarios of stream sockets. */
#include "tour.h"

#include <netinet/tcp.h>
#include <sys/epoll.h>

static void names_of(int fd) {
    address name = {.length = sizeof name.space};
    getsockname(fd, ANY(&name), &name.length);
    name.length = sizeof name.space;
    getpeername(fd, ANY(&name), &name.length);
}

static void echo(void) {
    int listener = listening("127.0.0.1", TOUR_PORT), client = connected("127.0.0.1", TOUR_PORT);
    int server = accepted(listener);
    names_of(client);
    names_of(server);
    exchange(client, server);
    shutdown(client, SHUT_WR);
    if (has_come(server))
        recvfrom(server, &(char){0}, 1, MSG_DONTWAIT, NULL, NULL);
    shutdown(server, SHUT_RDWR);
    close(client);
    close(server);
    close(listener);
}

static void any_port(void) {
    int listener = listening("127.0.0.1", 0), port = own_port(listener);
    int client = port == 0 ? -1 : connected("127.0.0.1", port), server = accepted(listener);
    exchange(client, server);
    close(listener);
    close(server);
    close(client);
}

static void stale_file(void) {
    int left = plain_listener(socket_path(TOUR_PORT, SOCK_STREAM));
    close(left);
    int listener = listening("127.0.0.1", TOUR_PORT), client = connected("127.0.0.1", TOUR_PORT);
    close(client);
    close(listener);
}

/* A port that somebody has is nobody else's, whatever fails; the socket is good for another one afterwards. */
static void taken_port(void) {
    address to = ip("127.0.0.1", GUARD_PORT);
    int types[] = {SOCK_STREAM, SOCK_DGRAM};
    for (int i = 0; i < 2; i++) {
        int fd = open_reusable(AF_INET, types[i], SO_REUSEADDR);
        if (bind(fd, ANY(&to), to.length) == 0)
            finding("the guard's port was given away");
        bind_to(fd, "127.0.0.1", TOUR_PORT);
        close(fd);
    }
}

static void beside(void) {
    int first = listening("127.0.0.1", TOUR_PORT), second = listening("127.0.0.2", TOUR_PORT);
    int client = connected("127.0.0.1", TOUR_PORT), server = accepted(first);
    exchange(client, server);
    close(first);
    close(server);
    close(client);
    client = connected("127.0.0.2", TOUR_PORT);
    close(client);
    close(second);
}

static void reuseport(void) {
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = open_reusable(AF_INET, SOCK_STREAM, SO_REUSEPORT);
        bind_shared(fds[i], "127.0.0.1", TOUR_PORT);
        listen(fds[i], 8);
    }
    int client = connected("127.0.0.1", TOUR_PORT);
    close(fds[0]);
    int server = accepted(fds[1]);
    close(server);
    close(client);
    close(fds[1]);
}

static void inet6(void) {
    int listener = listening("::", TOUR_PORT);
    int six = connected("::1", TOUR_PORT), four = connected("127.0.0.1", TOUR_PORT);
    int mapped = connected("::ffff:127.0.0.1", TOUR_PORT);
    int servers[] = {accepted(listener), accepted(listener), accepted(listener)};
    for (int i = 0; i < 3; i++) {
        names_of(servers[i]);
        close(servers[i]);
    }
    close(six);
    close(four);
    close(mapped);
    close(listener);
}

static void refused(void) {
    address nobody = ip("127.0.0.1", TOUR_PORT);
    int fd = open_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    if (connect(fd, ANY(&nobody), nobody.length) == 0)
        finding("a connection to nobody");
    /* This one tells of it, wherever the first did not. */
    if (connect(fd, ANY(&nobody), nobody.length) == 0)
        finding("a connection to nobody, later");
    connect_to(fd, "127.0.0.1", GUARD_PORT);
    close(fd);
}

static void refused_and_asked(void) {
    address nobody = ip("127.0.0.1", TOUR_PORT);
    int fd = open_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK), error = 0;
    socklen_t length = sizeof(error);
    int result = connect(fd, ANY(&nobody), nobody.length);
    if (result == 0)
        finding("a connection to nobody");
    if (result < 0 && errno == EINPROGRESS && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0)
        finding("nobody refused");
    if (send(fd, "x", 1, MSG_NOSIGNAL) >= 0)
        finding("nobody was sent to");
    close(fd);
}

/* Registered before and after, in two sets, and by one-shots that fire. */
static void watched(void) {
    int listener = open_reusable(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, SO_REUSEADDR);
    int client = open_socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK);
    int sets[] = {epoll_create1(EPOLL_CLOEXEC), epoll_create(1)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u64 = 7}, once = {.events = EPOLLIN | EPOLLONESHOT};
    for (int i = 0; i < 2; i++) {
        epoll_ctl(sets[i], EPOLL_CTL_ADD, listener, i == 0 ? &event : &once);
        epoll_ctl(sets[i], EPOLL_CTL_ADD, client, i == 0 ? &event : &once);
    }
    bind_to(listener, "127.0.0.1", TOUR_PORT);
    listen_at(listener);
    connect_to(client, "127.0.0.1", TOUR_PORT);
    for (int i = 0; i < 2; i++)
        epoll_wait(sets[i], &(struct epoll_event){0}, 1, 0);
    int server = accepted(listener);
    exchange(client, server);
    epoll_ctl(sets[1], EPOLL_CTL_MOD, client, &once);
    epoll_ctl(sets[0], EPOLL_CTL_DEL, client, NULL);
    close(server);
    close(client);
    close(listener);
    close(sets[0]);
    close(sets[1]);
}

/* Set before, carried over, read back; and asked of what AF_UNIX does not have. */
static void options(void) {
    int listener = open_reusable(AF_INET, SOCK_STREAM, SO_REUSEADDR), fd = open_socket(AF_INET, SOCK_STREAM);
    static const int set[][2] = {{SOL_SOCKET, SO_KEEPALIVE}, {SOL_SOCKET, SO_RCVBUF},    {SOL_SOCKET, SO_SNDBUF},
                                 {SOL_SOCKET, SO_PASSCRED},  {IPPROTO_TCP, TCP_NODELAY}, {IPPROTO_TCP, TCP_KEEPIDLE},
                                 {IPPROTO_IP, IP_TOS},       {SOL_SOCKET, SO_PRIORITY}};
    static const int asked[][2] = {{SOL_SOCKET, SO_ERROR},    {SOL_SOCKET, SO_TYPE},       {SOL_SOCKET, SO_DOMAIN},
                                   {SOL_SOCKET, SO_PROTOCOL}, {SOL_SOCKET, SO_ACCEPTCONN}, {IPPROTO_TCP, TCP_MAXSEG}};
    struct linger linger = {1, 0}; /* the accepted end is reset */
    struct timeval second = {1, 0};
    struct tcp_info info;
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        setsockopt(fd, set[i][0], set[i][1], &(int){1}, sizeof(int));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    bind_to(listener, "127.0.0.1", TOUR_PORT);
    listen_at(listener);
    connect_to(fd, "127.0.0.1", TOUR_PORT);
    for (size_t i = 0; i < sizeof set / sizeof set[0]; i++)
        getsockopt(fd, set[i][0], set[i][1], &(int){0}, &(socklen_t){sizeof(int)});
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++)
        getsockopt(fd, asked[i][0], asked[i][1], &(int){0}, &(socklen_t){sizeof(int)});
    getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &(socklen_t){sizeof info});
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){65536}, sizeof(int));
    int server = accepted(listener);
    close(fd);
    close(server);
    close(listener);
}

/* Bound, listening, and none of both any more. */
static void come_and_go(void) {
    address nobody = {.space.ss_family = AF_UNSPEC, .length = sizeof(struct sockaddr)};
    int listener = listening("0.0.0.0", TOUR_PORT), client = connected("127.0.0.1", TOUR_PORT);
    connect(client, ANY(&nobody), nobody.length);
    connect_to(client, "127.0.0.1", TOUR_PORT);
    shutdown(listener, SHUT_RDWR);
    listen(listener, 8);
    close(client);
    close(listener);
    int both = open_socket(AF_INET, SOCK_STREAM);
    bind_to(both, "127.0.0.1", TOUR_PORT);
    connect_to(both, "127.0.0.1", GUARD_PORT);
    close(both);
}

void tour_streams(const char *name) {
    scenario(name, "echo", echo);
    scenario(name, "any-port", any_port);
    scenario(name, "stale-file", stale_file);
    scenario(name, "taken-port", taken_port);
    scenario(name, "beside", beside);
    scenario(name, "reuseport", reuseport);
    scenario(name, "inet6", inet6);
    scenario(name, "refused", refused);
    scenario(name, "refused and asked", refused_and_asked);
    scenario(name, "watched", watched);
    scenario(name, "options", options);
    scenario(name, "come-and-go", come_and_go);
}
