/*
 * Operations of a process in a scenario: an ordinary socket program under the library.
 *   bADDR  binds and listens           nADDR  binds                  dADDR  binds a UDP socket
 *          (ADDR+ with SO_REUSEPORT, ADDR* with SO_REUSEADDR)
 *   c      closes its latest socket    xADDR  connects               yADDR  sends a datagram
 *   h, l   shuts its latest socket down, and lets it listen (again)
 *   f      a child keeps copies of all its sockets, until the schedule has been judged
 *   e      ends as exit(3) does        k      is killed (only before "/")
 *   s, S   a plain Unix server at PORT.sock: s removes any file there before        X  a plain Unix client
 *   m, u   makes, removes a control file at PORT.sock                              r  prune
 *   U      becomes another user                v  removes PORT.sock, whatever it is, against all rules
 */
#include "explore.h"
#include "rt/syscall6.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SOCKETS_MOST 8
#define OTHER_USER 12345

/* This process's sockets, and which operation each is of. */
static struct {
    int fd, operation;
} sockets[SOCKETS_MOST];
static int socket_count;

static socklen_t read_where(const struct where *where, struct sockaddr_storage *address) {
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
    char text[sizeof where->text];
    snprintf(text, sizeof text, "%.*s", (int)strcspn(where->text, "!"), where->text);
    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(PORT);
        return sizeof *four;
    }
    if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1) {
        fprintf(stderr, "explore: no address: %s\n", text);
        exit(2);
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(PORT);
    return sizeof *six;
}

static long bind_at(int fd, const struct where *where) {
    struct sockaddr_storage address;
    int one = 1;
    socklen_t length = read_where(where, &address);
    if (strchr(where->text, '!'))
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (where->share)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (where->reuses)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    return bind(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
}

static int open_for(const struct where *where, int type) {
    int fd = socket(strchr(where->text, ':') ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        perror("explore: socket");
        exit(2);
    }
    return fd;
}

/* As the kernel says: the library has the place of syscall(2), too. */
pid_t peer_of(int fd) {
    struct {
        pid_t pid;
        uid_t uid;
        gid_t gid;
    } peer = {0};
    socklen_t size = sizeof peer;
    return unsock_syscall6(SYS_getsockopt, fd, SOL_SOCKET, SO_PEERCRED, (long)&peer, (long)&size, 0) < 0 ? 0 : peer.pid;
}

void keep_socket(int fd, int operation) {
    if (socket_count == SOCKETS_MOST)
        exit(2);
    sockets[socket_count].fd = fd;
    sockets[socket_count++].operation = operation;
}

/* The end of the latest socket. */
static void close_latest(void) {
    if (socket_count == 0)
        return;
    drain(); /* what had come until then has arrived */
    struct operation *server = &shared->operation[sockets[--socket_count].operation];
    server->leaves = shared->now;
    close(sockets[socket_count].fd);
    server->gone = shared->now;
}

void close_all(void) {
    while (socket_count > 0)
        close_latest();
}

static long serve(struct operation *me, int number, int type, bool listens) {
    int fd = open_for(&me->where, type);
    long result = bind_at(fd, &me->where);
    if (result == 0 && listens && listen(fd, 99) < 0)
        result = -errno;
    me->listens = listens && result == 0;
    me->since = shared->now;
    if (result < 0)
        close(fd);
    else
        keep_socket(fd, number);
    return result;
}

static struct operation *latest_server(void) {
    if (socket_count == 0)
        exit(2);
    return &shared->operation[sockets[socket_count - 1].operation];
}

static void shut_latest(void) {
    struct operation *server = latest_server();
    server->until = shared->now;
    server->shut = true;
    server->listens = false;
    shutdown(sockets[socket_count - 1].fd, SHUT_RDWR);
}

static long listen_latest(void) {
    struct operation *server = latest_server();
    if (server->result != 0 || listen(sockets[socket_count - 1].fd, 99) < 0)
        return -errno;
    server->listens = true;
    server->since = shared->now;
    server->until = FOREVER;
    return 0;
}

long try_connect(const char *where, pid_t *reached) {
    struct where at = {.share = false};
    struct sockaddr_storage address;
    snprintf(at.text, sizeof at.text, "%s", where);
    int fd = open_for(&at, SOCK_STREAM);
    socklen_t length = read_where(&at, &address);
    long result = connect(fd, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
    *reached = result == 0 ? peer_of(fd) : 0;
    close(fd);
    return result;
}

long try_bind(const char *where, bool datagram) {
    struct where at = {.share = false};
    snprintf(at.text, sizeof at.text, "%s", where);
    int fd = open_for(&at, datagram ? SOCK_DGRAM : SOCK_STREAM);
    long result = bind_at(fd, &at);
    close(fd);
    return result;
}

long send_datagram(struct operation *me, int number) {
    struct sockaddr_storage address;
    int fd = open_for(&me->where, SOCK_DGRAM);
    socklen_t length = read_where(&me->where, &address);
    long result = sendto(fd, &number, sizeof number, 0, (struct sockaddr *)&address, length) < 0 ? -errno : 0;
    close(fd);
    return result;
}

void drain(void) {
    for (int i = 0, number; i < socket_count; i++)
        while (shared->operation[sockets[i].operation].kind == 'd' &&
               recv(sockets[i].fd, &number, sizeof number, MSG_DONTWAIT) == sizeof number)
            if (number >= 0 && number < OPERATIONS_MOST)
                shared->operation[number].reached = getpid();
}

/* A child that has copies, and goes when everything is judged: then the pipe `hold` ends. */
static void fork_holder(void) {
    char byte;
    if (fork() != 0)
        return;
    while (read(hold[0], &byte, 1) < 0 && errno == EINTR) {
    }
    exit(0);
}

static void be_other_user(void) {
    if (setresgid(OTHER_USER, OTHER_USER, OTHER_USER) < 0 || setresuid(OTHER_USER, OTHER_USER, OTHER_USER) < 0)
        exit(2);
}

static void do_one(struct operation *me, int number) {
    switch (me->kind) {
    case 'b':
        me->result = serve(me, number, SOCK_STREAM, true);
        break;
    case 'n':
        me->result = serve(me, number, SOCK_STREAM, false);
        break;
    case 'd':
        me->result = serve(me, number, SOCK_DGRAM, false);
        break;
    case 's':
        me->result = serve_plain(me, number, true);
        break;
    case 'S':
        me->result = serve_plain(me, number, false);
        break;
    case 'x':
        me->result = try_connect(me->where.text, &me->reached);
        break;
    case 'X':
        me->result = try_plain(&me->reached);
        break;
    case 'y':
        me->result = send_datagram(me, number);
        break;
    case 'h':
        shut_latest();
        break;
    case 'l':
        me->result = listen_latest();
        break;
    case 'c':
        close_latest();
        break;
    case 'm':
        make_control();
        break;
    case 'u':
        remove_control();
        break;
    case 'v':
        remove_name();
        break;
    case 'r':
        prune_all();
        break;
    case 'f':
        fork_holder();
        break;
    case 'e':
        close_all();
        exit(0);
    case 'U':
        be_other_user();
        break;
    case 'k':
        raise(SIGKILL);
        break;
    default:
        fprintf(stderr, "explore: no operation: %c\n", me->kind);
        exit(2);
    }
}

void carry_out(int process, const char *operations) {
    char word[64];
    for (int taken; sscanf(operations, " %63s%n", word, &taken) == 1; operations += taken) {
        int number = shared->operations++;
        struct operation *me = &shared->operation[number];
        *me = (struct operation){.kind = word[0], .process = process, .began = shared->now, .ended = FOREVER};
        me->leaves = me->gone = me->until = FOREVER;
        size_t length = strcspn(word + 1, "+*");
        me->where.share = strchr(word, '+');
        me->where.reuses = strchr(word, '*');
        snprintf(me->where.text, sizeof me->where.text, "%.*s", (int)length, word + 1);
        do_one(me, number);
        me->ended = shared->now;
    }
}
