/* The tour's scenarios of datagram sockets. */
#include "tour.h"

static bool send_to(int fd, const char *text, int port) {
    address to = ip(text, port);
    if (sendto(fd, "x", 1, MSG_NOSIGNAL, ANY(&to), to.length) == 1)
        return true;
    int first = errno;
    if (sendto(fd, "x", 1, MSG_NOSIGNAL, ANY(&to), to.length) == 1)
        return true;
    finding("sendto %s:%d: %s, and again %s", text, port, strerrorname_np(first), strerrorname_np(errno));
    return false;
}

/* Answers whoever asked. */
static void answer(int server) {
    address from = {.length = sizeof from.space};
    char byte;
    if (!has_come(server) || recvfrom(server, &byte, 1, MSG_DONTWAIT, ANY(&from), &from.length) != 1)
        return;
    sendto(server, &byte, 1, MSG_DONTWAIT, ANY(&from), from.length);
}

static void take(int fd) {
    char byte;
    if (has_come(fd))
        recv(fd, &byte, 1, MSG_DONTWAIT);
}

static void ask(void) {
    int server = datagrams("127.0.0.1", TOUR_PORT), client = open_socket(AF_INET, SOCK_DGRAM);
    send_to(client, "127.0.0.1", TOUR_PORT);
    expect_off_network(client);
    answer(server);
    take(client);
    own_port(client);
    close(client);
    close(server);
}

/* The error of an earlier datagram is an errno, 0, or not to be had. */
static void take_error(int fd) {
    int error = 0;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error}) == 0 && error < 0)
        finding("the socket's error is %d", error);
}

static void connected_client(void) {
    address nobody = {.space.ss_family = AF_UNSPEC, .length = sizeof(struct sockaddr)};
    int server = datagrams("127.0.0.1", TOUR_PORT), client = open_socket(AF_INET, SOCK_DGRAM);
    connect_to(client, "127.0.0.1", TOUR_PORT);
    send(client, "x", 1, MSG_NOSIGNAL);
    answer(server);
    take(client);
    connect(client, ANY(&nobody), nobody.length);
    connect_to(client, "127.0.0.1", TOUR_PORT);
    shutdown(client, SHUT_WR);
    close(server);
    send(client, "x", 1, MSG_NOSIGNAL);
    take_error(client);
    close(client);
}

/* sendmsg, recvmsg and their plural forms, with packet information. */
static void messages(void) {
    int server = datagrams("0.0.0.0", TOUR_PORT), client = open_socket(AF_INET, SOCK_DGRAM), on = 1;
    address to = ip("127.0.0.1", TOUR_PORT), from = {.length = sizeof from.space};
    char data[8] = {0}, control[128];
    struct iovec part = {data, 1};
    struct mmsghdr two[2];
    setsockopt(server, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    for (int i = 0; i < 2; i++)
        two[i].msg_hdr =
            (struct msghdr){.msg_name = &to.space, .msg_namelen = to.length, .msg_iov = &part, .msg_iovlen = 1};
    sendmsg(client, &two[0].msg_hdr, 0);
    sendmmsg(client, two, 2, 0);
    struct msghdr taken = {.msg_name = &from.space,
                           .msg_namelen = from.length,
                           .msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
    if (has_come(server))
        recvmsg(server, &taken, MSG_DONTWAIT);
    for (int i = 0; i < 2; i++)
        two[i].msg_hdr.msg_name = &from.space, two[i].msg_hdr.msg_namelen = sizeof from.space;
    if (has_come(server))
        recvmmsg(server, two, 2, MSG_DONTWAIT, NULL);
    close(client);
    close(server);
}

static void any_port(void) {
    int server = datagrams("127.0.0.1", 0), port = own_port(server), client = datagrams("::", 0);
    if (port != 0)
        send_to(client, "::ffff:127.0.0.1", port);
    close(client);
    client = open_socket(AF_INET, SOCK_DGRAM);
    if (port != 0)
        send_to(client, "127.0.0.1", port);
    answer(server);
    take(client);
    close(server);
    close(client);
}

static void stale_file(void) {
    const char *path = socket_path(TOUR_PORT, SOCK_DGRAM);
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    int left = open_socket(AF_UNIX, SOCK_DGRAM), client = open_socket(AF_INET, SOCK_DGRAM);
    if (bind(left, (struct sockaddr *)&at, sizeof at) < 0)
        bind(left, (struct sockaddr *)&at, sizeof at);
    close(left);
    /* To nobody: it is lost, as over UDP. */
    send_to(client, "127.0.0.1", TOUR_PORT);
    int server = datagrams("127.0.0.1", TOUR_PORT);
    close(server);
    close(client);
}

/* A server that gives each client a socket of its own, bound to the same port and connected to the client. */
static void socket_per_client(void) {
    int listener = open_reusable(AF_INET, SOCK_DGRAM, SO_REUSEADDR), client = open_socket(AF_INET, SOCK_DGRAM);
    bind_to(listener, "127.0.0.1", TOUR_PORT);
    connect_to(client, "127.0.0.1", TOUR_PORT);
    send(client, "x", 1, MSG_NOSIGNAL);
    take(listener);
    int own = open_reusable(AF_INET, SOCK_DGRAM, SO_REUSEADDR), port = own_port(client);
    bind_shared(own, "127.0.0.1", TOUR_PORT);
    if (port != 0)
        connect_to(own, "127.0.0.1", port);
    exchange(client, own);
    close(own);
    close(listener);
    close(client);
}

static void reuseport(void) {
    int fds[2];
    for (int i = 0; i < 2; i++) {
        fds[i] = open_reusable(AF_INET, SOCK_DGRAM, SO_REUSEPORT);
        bind_shared(fds[i], "127.0.0.1", TOUR_PORT);
    }
    int client = open_socket(AF_INET, SOCK_DGRAM);
    send_to(client, "127.0.0.1", TOUR_PORT);
    answer(fds[0]);
    close(fds[0]);
    send_to(client, "127.0.0.1", TOUR_PORT);
    close(fds[1]);
    close(client);
}

static void beside(void) {
    int first = datagrams("127.0.0.1", TOUR_PORT), second = datagrams("127.0.0.2", TOUR_PORT);
    int client = open_socket(AF_INET, SOCK_DGRAM);
    send_to(client, "127.0.0.1", TOUR_PORT);
    take(first);
    close(first);
    send_to(client, "127.0.0.2", TOUR_PORT);
    take(second);
    close(second);
    close(client);
}

/* A sender that is not under unsock at all gets a port for the answer. */
static void plain_sender(void) {
    struct sockaddr_un own = {.sun_family = AF_UNIX, .sun_path = "\0unsock-tour"}, to = {.sun_family = AF_UNIX};
    int server = datagrams("127.0.0.1", TOUR_PORT), sender = open_socket(AF_UNIX, SOCK_DGRAM);
    const char *path = socket_path(TOUR_PORT, SOCK_DGRAM);
    memcpy(to.sun_path, path, strlen(path) + 1);
    bind(sender, (struct sockaddr *)&own, sizeof(sa_family_t) + 12);
    sendto(sender, "x", 1, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
    answer(server);
    take(sender);
    close(sender);
    close(server);
}

/* A peer that passes descriptors along: they are closed. */
static void passed_descriptors(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int server = listening("127.0.0.1", TOUR_PORT), client = open_socket(AF_UNIX, SOCK_STREAM);
    const char *path = socket_path(TOUR_PORT, SOCK_STREAM);
    memcpy(to.sun_path, path, strlen(path) + 1);
    connect(client, (struct sockaddr *)&to, sizeof to);
    int connection = accepted(server);
    char data[1] = "x";
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {.header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), &client, sizeof client);
    struct iovec part = {data, sizeof data};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    sendmsg(client, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (has_come(connection))
        recvmsg(connection, &message, MSG_DONTWAIT);
    close(connection);
    close(client);
    close(server);
}

/* Clients that were not bound: of another address than the usual one, of nobody, of both families. */
static void clients(void) {
    int server = datagrams("127.0.0.2", TOUR_PORT), six = datagrams("::1", TOUR_PORT);
    int one = open_socket(AF_INET, SOCK_DGRAM), other = open_socket(AF_INET6, SOCK_DGRAM);
    send_to(one, "127.0.0.2", TOUR_PORT);
    answer(server);
    take(one);
    send_to(one, "127.0.0.3", TOUR_PORT); /* nobody */
    send_to(other, "::1", TOUR_PORT);
    answer(six);
    send_to(other, "::ffff:127.0.0.2", TOUR_PORT);
    close(server);
    connect_to(one, "127.0.0.2", TOUR_PORT); /* who comes later */
    server = datagrams("127.0.0.2", TOUR_PORT);
    send(one, "x", 1, MSG_NOSIGNAL);
    answer(server);
    close(other);
    close(six);
    close(one);
    close(server);
}

/* Two that share an address by SO_REUSEADDR; the first one, which gets another name, is closed first. */
static void reuseaddr(void) {
    int fds[2], client = open_socket(AF_INET, SOCK_DGRAM);
    for (int i = 0; i < 2; i++) {
        fds[i] = open_reusable(AF_INET, SOCK_DGRAM, SO_REUSEADDR);
        bind_shared(fds[i], "127.0.0.1", TOUR_PORT);
    }
    send_to(client, "127.0.0.1", TOUR_PORT);
    answer(fds[1]);
    close(fds[0]);
    send_to(client, "127.0.0.1", TOUR_PORT);
    close(fds[1]);
    close(client);
}

void tour_datagrams(const char *name) {
    scenario(name, "datagram-ask", ask);
    scenario(name, "datagram-connected", connected_client);
    scenario(name, "datagram-messages", messages);
    scenario(name, "datagram-any-port", any_port);
    scenario(name, "datagram-stale-file", stale_file);
    scenario(name, "datagram-per-client", socket_per_client);
    scenario(name, "datagram-reuseport", reuseport);
    scenario(name, "datagram-beside", beside);
    scenario(name, "datagram-plain-sender", plain_sender);
    scenario(name, "datagram-clients", clients);
    scenario(name, "datagram-reuseaddr", reuseaddr);
    scenario(name, "passed-descriptors", passed_descriptors);
}
