/* A program's calls on sockets. The sockets stay open: the watching process examines them. */
#include "forbidden.h"

#define TRY(call)                                                                                                      \
    do {                                                                                                               \
        if ((call) < 0)                                                                                                \
            return errno;                                                                                              \
    } while (0)

struct sockaddr_in at(int port) {
    return (struct sockaddr_in){AF_INET, htons((uint16_t)port), {htonl(INADDR_LOOPBACK)}, {0}};
}

static int bind_at(int fd, int port) {
    struct sockaddr_in address = at(port);
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

static int connect_at(int fd, int port) {
    struct sockaddr_in address = at(port);
    return connect(fd, (struct sockaddr *)&address, sizeof address);
}

static ssize_t send_at(int fd, int port) {
    struct sockaddr_in address = at(port);
    return sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, sizeof address);
}

static struct msghdr message_to(struct sockaddr_in *address) {
    static struct iovec part = {"x", 1};
    return (struct msghdr){.msg_name = address, .msg_namelen = sizeof *address, .msg_iov = &part, .msg_iovlen = 1};
}

static ssize_t send_message_at(int fd, int port) {
    struct sockaddr_in address = at(port);
    struct msghdr message = message_to(&address);
    return sendmsg(fd, &message, MSG_DONTWAIT);
}

static ssize_t send_messages_at(int fd, int port) {
    struct sockaddr_in address = at(port);
    struct mmsghdr messages[2] = {{message_to(&address), 0}, {message_to(&address), 0}};
    return sendmmsg(fd, messages, 2, MSG_DONTWAIT);
}

static int set_on(int fd, int level, int name) {
    return setsockopt(fd, level, name, &(int){1}, sizeof(int));
}

static int name_of(int fd, int (*question)(int, struct sockaddr *, socklen_t *)) {
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    return question(fd, (struct sockaddr *)&address, &length);
}

static ssize_t receive_with_address(int fd) {
    char byte;
    struct sockaddr_in6 from;
    socklen_t length = sizeof from;
    return recvfrom(fd, &byte, 1, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
}

static ssize_t receive_message(int fd) {
    char byte;
    struct sockaddr_in6 from;
    struct iovec part = {&byte, 1};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    return recvmsg(fd, &message, MSG_DONTWAIT);
}

static int accept_at(int fd) {
    struct sockaddr_in6 from;
    socklen_t length = sizeof from;
    return accept4(fd, (struct sockaddr *)&from, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static int stream(void) {
    return socket(AF_INET, SOCK_STREAM, 0);
}
static int datagram(void) {
    return socket(AF_INET, SOCK_DGRAM, 0);
}

/* Inherited sockets. */

static int become(int fd, int number) {
    TRY(fd);
    TRY(dup2(fd, number));
    close(fd);
    return 0;
}

int make_inherited(void) {
    static const int streams[] = {FRESH_STREAM, FRESH_STREAM_TO_BIND, BOUND_STREAM, LISTENER, CLIENT};
    static const int datagrams[] = {FRESH_DATAGRAM, FRESH_DATAGRAM_TO_BIND, FRESH_DATAGRAM_TO_SEND, BOUND_DATAGRAM,
                                    JOINED_DATAGRAM};
    int wrong = 0;
    for (int i = 0; i < 5; i++)
        if ((wrong = become(stream(), streams[i])) || (wrong = become(datagram(), datagrams[i])))
            return wrong;
    TRY(bind_at(BOUND_STREAM, FIRST_PORT));
    TRY(bind_at(LISTENER, FIRST_PORT + 1));
    TRY(listen(LISTENER, 5));
    TRY(fcntl(LISTENER, F_SETFL, O_NONBLOCK));
    TRY(connect_at(CLIENT, GUARD_PORT));
    TRY(bind_at(BOUND_DATAGRAM, FIRST_PORT + 2));
    TRY(connect_at(JOINED_DATAGRAM, GUARD_PORT));
    return 0;
}

#define COMMA ,
#define STEP(name, ...)                                                                                                \
    static int name(void) {                                                                                            \
        __VA_ARGS__ return 0;                                                                                          \
    }

STEP(inherited_connect, TRY(connect_at(FRESH_STREAM, GUARD_PORT));)
STEP(inherited_bind, TRY(bind_at(FRESH_STREAM_TO_BIND, FIRST_PORT + 3)); TRY(listen(FRESH_STREAM_TO_BIND, 5));)
STEP(inherited_listen, TRY(listen(BOUND_STREAM, 5));)
STEP(inherited_join, TRY(connect_at(FRESH_DATAGRAM, GUARD_PORT)); TRY(send(FRESH_DATAGRAM, "x", 1, 0));)
STEP(inherited_bind_datagram, TRY(bind_at(FRESH_DATAGRAM_TO_BIND, FIRST_PORT + 4));)
STEP(inherited_sendto, TRY(send_at(FRESH_DATAGRAM_TO_SEND, GUARD_PORT));)
STEP(inherited_sendmsg, TRY(send_message_at(FRESH_DATAGRAM_TO_SEND, GUARD_PORT));)
STEP(inherited_sendmmsg, TRY(send_messages_at(FRESH_DATAGRAM_TO_SEND, GUARD_PORT));)
STEP(inherited_bound_sendto, TRY(send_at(BOUND_DATAGRAM, GUARD_PORT));)
STEP(inherited_joined_sendto, TRY(send_at(JOINED_DATAGRAM, GUARD_PORT));)
STEP(inherited_receive, TRY(receive_with_address(BOUND_DATAGRAM));)
STEP(inherited_receive_message, TRY(receive_message(BOUND_DATAGRAM));)
STEP(inherited_accept, TRY(accept_at(LISTENER));)
STEP(inherited_name, TRY(name_of(CLIENT, getsockname)); TRY(name_of(LISTENER, getsockname));)
STEP(inherited_peer, TRY(name_of(CLIENT, getpeername));)
STEP(inherited_option, TRY(set_on(CLIENT, IPPROTO_TCP, TCP_NODELAY));)
STEP(inherited_write, TRY(write(CLIENT, "x", 1));)
STEP(inherited_shutdown, TRY(shutdown(CLIENT, SHUT_WR));)

/* Sockets that the program makes itself. */

static int client = -1, server = -1, peer = -1, asker = -1, joined = -1, answering = -1;

STEP(connect_guard, TRY(client = stream()); TRY(connect_at(client, GUARD_PORT));)
STEP(connect_later, int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); TRY(fd); TRY(connect_at(fd, GUARD_PORT));)
STEP(connect_nobody, int fd = stream(); TRY(fd); TRY(connect_at(fd, NOBODY_PORT));)
STEP(connect_both, int fd = socket(AF_INET6, SOCK_STREAM, 0); TRY(fd);
     struct sockaddr_in6 address = {.sin6_family = AF_INET6 COMMA.sin6_port = htons(GUARD_PORT)};
     address.sin6_addr = (struct in6_addr)IN6ADDR_LOOPBACK_INIT;
     TRY(connect(fd, (struct sockaddr *)&address, sizeof address));)
STEP(connect_bound, int fd = stream(); TRY(fd); TRY(bind_at(fd, FIRST_PORT + 5)); TRY(connect_at(fd, GUARD_PORT));)
STEP(connect_watched, int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), set = epoll_create1(0); TRY(fd);
     TRY(set); struct epoll_event event = {.events = EPOLLOUT}; TRY(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event));
     TRY(connect_at(fd, GUARD_PORT));)
STEP(connect_duplicated, int fd = stream(); TRY(fd); TRY(dup(fd)); TRY(connect_at(fd, GUARD_PORT));)
STEP(fast_open, int fd = stream(); TRY(fd); struct sockaddr_in address = at(GUARD_PORT);
     TRY(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&address, sizeof address));)
STEP(serve, TRY(server = stream()); TRY(set_on(server, SOL_SOCKET, SO_REUSEADDR)); TRY(bind_at(server, FIRST_PORT + 6));
     TRY(listen(server, 5)); TRY(fcntl(server, F_SETFL, O_NONBLOCK));)
STEP(serve_any, int fd = stream(); TRY(fd); TRY(bind_at(fd, 0)); TRY(listen(fd, 5));)
STEP(serve_unbound, int fd = stream(); TRY(fd); TRY(listen(fd, 5));)
STEP(serve_two, int first = stream() COMMA second = stream(); TRY(first); TRY(second);
     TRY(set_on(first, SOL_SOCKET, SO_REUSEPORT)); TRY(set_on(second, SOL_SOCKET, SO_REUSEPORT));
     TRY(bind_at(first, FIRST_PORT + 7)); TRY(bind_at(second, FIRST_PORT + 7)); TRY(listen(second, 5));)
STEP(accept_one, int fd = stream(); TRY(fd); TRY(connect_at(fd, FIRST_PORT + 6)); TRY(peer = accept_at(server));)
STEP(names, TRY(name_of(peer, getsockname)); TRY(name_of(peer, getpeername)); TRY(name_of(client, getsockname));
     TRY(name_of(client, getpeername));)
STEP(options, int value; socklen_t length = sizeof value; TRY(set_on(client, IPPROTO_TCP, TCP_NODELAY));
     TRY(set_on(client, SOL_SOCKET, SO_KEEPALIVE)); TRY(getsockopt(client, SOL_SOCKET, SO_TYPE, &value, &length));
     TRY(getsockopt(client, SOL_SOCKET, SO_ERROR, &value, &length));
     TRY(getsockopt(client, IPPROTO_TCP, TCP_MAXSEG, &value, &length));)
STEP(exchange, char byte; TRY(send(client, "x", 1, MSG_NOSIGNAL)); TRY(write(client, "x", 1));
     TRY(recv(client, &byte, 1, MSG_DONTWAIT));)
STEP(wait_for, struct pollfd wait = {client COMMA POLLOUT COMMA 0}; TRY(poll(&wait, 1, 0));)
STEP(wait_by_set, int set = epoll_create(1); TRY(set); struct epoll_event event = {.events = EPOLLOUT};
     TRY(epoll_ctl(set, EPOLL_CTL_ADD, client, &event)); TRY(epoll_wait(set, &event, 1, 0));)
STEP(duplicate, TRY(dup2(client, FRESH_STREAM)); TRY(dup3(client, FRESH_STREAM, O_CLOEXEC)); TRY(dup(client));)
STEP(accept_plainly, int fd = stream(); TRY(fd); TRY(connect_at(fd, FIRST_PORT + 6)); TRY(accept(server, NULL, NULL));)
STEP(end, TRY(shutdown(client, SHUT_RDWR)); TRY(shutdown(server, SHUT_RD)); TRY(close(peer));)
STEP(sendto_guard, TRY(asker = datagram()); TRY(send_at(asker, GUARD_PORT));)
STEP(sendto_again, TRY(send_at(asker, GUARD_PORT));)
STEP(sendto_nobody, int fd = datagram(); TRY(fd); TRY(send_at(fd, NOBODY_PORT));)
STEP(sendmsg_guard, int fd = datagram(); TRY(fd); TRY(send_message_at(fd, GUARD_PORT));)
STEP(sendmmsg_guard, int fd = datagram(); TRY(fd); TRY(send_messages_at(fd, GUARD_PORT));)
STEP(join, TRY(joined = datagram()); TRY(connect_at(joined, GUARD_PORT)); TRY(send(joined, "x", 1, 0));)
STEP(answer, TRY(answering = datagram()); TRY(bind_at(answering, FIRST_PORT + 8)); TRY(send_at(answering, GUARD_PORT));
     TRY(send_at(asker, FIRST_PORT + 8)); TRY(receive_with_address(answering));)
STEP(receive, TRY(receive_message(asker));)
STEP(close_all, TRY(close(asker)); TRY(close(joined)); TRY(close(server));
     TRY((int)syscall(SYS_close_range, 2000, 3000, 0));)

#define ENTRY(name) {#name, name}

static const struct {
    const char *name;
    int (*make)(void);
} steps[] = {
    ENTRY(inherited_connect),
    ENTRY(inherited_bind),
    ENTRY(inherited_listen),
    ENTRY(inherited_join),
    ENTRY(inherited_bind_datagram),
    ENTRY(inherited_sendto),
    ENTRY(inherited_sendmsg),
    ENTRY(inherited_sendmmsg),
    ENTRY(inherited_bound_sendto),
    ENTRY(inherited_joined_sendto),
    ENTRY(inherited_receive),
    ENTRY(inherited_receive_message),
    ENTRY(inherited_accept),
    ENTRY(inherited_name),
    ENTRY(inherited_peer),
    ENTRY(inherited_option),
    ENTRY(inherited_write),
    ENTRY(inherited_shutdown),
    ENTRY(connect_guard),
    ENTRY(connect_later),
    ENTRY(connect_nobody),
    ENTRY(connect_both),
    ENTRY(connect_bound),
    ENTRY(connect_watched),
    ENTRY(connect_duplicated),
    ENTRY(fast_open),
    ENTRY(serve),
    ENTRY(serve_any),
    ENTRY(serve_unbound),
    ENTRY(serve_two),
    ENTRY(accept_one),
    ENTRY(names),
    ENTRY(options),
    ENTRY(exchange),
    ENTRY(wait_for),
    ENTRY(wait_by_set),
    ENTRY(duplicate),
    ENTRY(accept_plainly),
    ENTRY(end),
    ENTRY(sendto_guard),
    ENTRY(sendto_again),
    ENTRY(sendto_nobody),
    ENTRY(sendmsg_guard),
    ENTRY(sendmmsg_guard),
    ENTRY(join),
    ENTRY(answer),
    ENTRY(receive),
    ENTRY(close_all),
};

const char *step_name(int step) {
    return step < (int)(sizeof steps / sizeof steps[0]) ? steps[step].name : NULL;
}

int make_step(int step) {
    return steps[step].make();
}
