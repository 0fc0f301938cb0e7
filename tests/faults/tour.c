/*
 * tour SCENARIO | all | list: runs one scenario, all of them, or names them, one a line.
 * tour guard: a server that no failure of its neighbours may disturb.
 * tour overrun: makes the library read beyond the end of a record.
 * tour check: judges, at each line of input, what a run has left behind.
 */
#include "tour.h"
#include "../support/past_libc.h"

#include <dirent.h>
#include <dlfcn.h>
#include <netinet/tcp.h>

static bool found;

void finding(const char *format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line - 1, format, values);
    va_end(values);
    length = length < (int)sizeof line - 1 ? length : (int)sizeof line - 2;
    line[length++] = '\n';
    PAST_LIBC(write, STDOUT_FILENO, line, length);
    found = true;
}

bool tour_found(void) {
    return found;
}

address ip(const char *text, int port) {
    address made = {.length = strchr(text, ':') ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in)};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&made.space;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&made.space;
    v4->sin_family = strchr(text, ':') ? AF_INET6 : AF_INET;
    v4->sin_port = htons((uint16_t)port);
    inet_pton(v4->sin_family, text, v4->sin_family == AF_INET6 ? (void *)&v6->sin6_addr : (void *)&v4->sin_addr);
    return made;
}

int own_port(int fd) {
    address name = {.length = sizeof name.space};
    if (getsockname(fd, ANY(&name), &name.length) < 0 && getsockname(fd, ANY(&name), &name.length) < 0)
        return 0;
    return ntohs(((struct sockaddr_in *)&name.space)->sin_port);
}

int open_socket(int family, int type) {
    int fd = socket(family, type, 0);
    return fd >= 0 ? fd : socket(family, type, 0);
}

int open_reusable(int family, int type, int option) {
    int fd = open_socket(family, type), on = 1;
    if (setsockopt(fd, SOL_SOCKET, option, &on, sizeof on) < 0)
        setsockopt(fd, SOL_SOCKET, option, &on, sizeof on);
    return fd;
}

bool bind_to(int fd, const char *text, int port) {
    address to = ip(text, port);
    int first = bind(fd, ANY(&to), to.length) == 0 ? 0 : errno;
    if (first != 0 && bind(fd, ANY(&to), to.length) < 0) {
        finding("bind to %s:%d: %s, and again %s", text, port, strerrorname_np(first), strerrorname_np(errno));
        return false;
    }
    expect_off_network(fd);
    return true;
}

void bind_shared(int fd, const char *text, int port) {
    address to = ip(text, port);
    if (bind(fd, ANY(&to), to.length) < 0)
        bind(fd, ANY(&to), to.length);
}

static bool goes_on(int error) {
    return error == EISCONN || error == EALREADY || error == EINPROGRESS;
}

static int connect_error(int fd, const address *to) {
    return connect(fd, (const struct sockaddr *)&to->space, to->length) == 0 ? 0 : errno;
}

/*
 * True for a TCP socket that was refused (calls/refusal.c). One in use is not closed, and one that was never connected
 * has not ended.
 */
static bool is_refused_tcp(int fd) {
    struct sockaddr_storage name = {0};
    struct tcp_info info = {0};
    struct pollfd ended = {.fd = fd, .events = POLLRDHUP};
    return PAST_LIBC(getsockname, fd, &name, &(socklen_t){sizeof name}) == 0 && name.ss_family != AF_UNIX &&
           PAST_LIBC(getsockopt, fd, IPPROTO_TCP, TCP_INFO, &info, &(socklen_t){sizeof info}) == 0 &&
           info.tcpi_state == TCP_CLOSE && PAST_LIBC(poll, &ended, 1, 0) == 1 && (ended.revents & POLLRDHUP);
}

bool connect_to(int fd, const char *text, int port) {
    address to = ip(text, port);
    int first = connect_error(fd, &to), second = 0;
    /* A non-blocking one hears of it by the next one. */
    if (first == EINPROGRESS && is_refused_tcp(fd))
        first = connect_error(fd, &to);
    if (first != 0 && !goes_on(first) && (second = connect_error(fd, &to)) != 0 && !goes_on(second)) {
        finding("connect to %s:%d: %s, and again %s", text, port, strerrorname_np(first), strerrorname_np(second));
        return false;
    }
    expect_off_network(fd);
    return true;
}

bool listen_at(int fd) {
    int first = listen(fd, 8) == 0 ? 0 : errno;
    if (first == 0 || listen(fd, 8) == 0)
        return true;
    finding("listen: %s, and again %s", strerrorname_np(first), strerrorname_np(errno));
    return false;
}

int listening(const char *text, int port) {
    int fd = open_reusable(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, SO_REUSEADDR);
    if (bind_to(fd, text, port) && listen_at(fd))
        return fd;
    close(fd);
    return -1;
}

int datagrams(const char *text, int port) {
    int fd = open_socket(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC);
    if (bind_to(fd, text, port))
        return fd;
    close(fd);
    return -1;
}

int connected(const char *text, int port) {
    int fd = open_socket(strchr(text, ':') ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
    if (connect_to(fd, text, port))
        return fd;
    close(fd);
    return -1;
}

bool has_come(int fd) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    return poll(&wait, 1, 20) > 0;
}

int accepted(int listener) {
    address peer = {.length = sizeof peer.space};
    if (listener < 0 || !has_come(listener))
        return -1;
    int fd = accept4(listener, ANY(&peer), &peer.length, SOCK_CLOEXEC);
    return fd >= 0 || !has_come(listener) ? fd : accept(listener, NULL, NULL);
}

void exchange(int client, int server) {
    char byte = 'x';
    if (send(client, &byte, 1, MSG_NOSIGNAL) == 1 && has_come(server))
        recv(server, &byte, 1, MSG_DONTWAIT);
    if (send(server, &byte, 1, MSG_NOSIGNAL) == 1 && has_come(client))
        recv(client, &byte, 1, MSG_DONTWAIT);
}

void expect_off_network(int fd) {
    struct sockaddr_storage name = {0};
    socklen_t length = sizeof name;
    if (PAST_LIBC(getsockname, fd, &name, &length) == 0 && name.ss_family != AF_UNIX)
        finding("the socket is on the network, family %d", name.ss_family);
}

const char *socket_path(int port, int type) {
    static char path[108];
    snprintf(path, sizeof path, "%s/%d%s", getenv("UNSOCK_DIR"), port, type == SOCK_STREAM ? ".sock" : ".dgram.sock");
    return path;
}

int plain_listener(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = open_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC);
    unlink(path);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0)
        return fd;
    close(fd);
    return -1;
}

static const char *wanted;

void scenario(const char *name, const char *own, void (*step)(void)) {
    if (strcmp(name, "list") == 0)
        printf("%s\n", own);
    else if (strcmp(name, "all") == 0 || strcmp(name, own) == 0)
        wanted = own, step();
}

/* Hands the library a record that is shorter than it says: for the proof that the sanitizer sees what the library does.
 */
static int overrun(void) {
    int (*check)(const void *, size_t) = (int (*)(const void *, size_t))dlsym(RTLD_DEFAULT, "unsock_check_control");
    char *record = calloc(1, 100);
    return check ? check(record, 452) == 0 : 2;
}

/* Each of its calls is made at a place that is rewritten, or trapped: none is judged. */
static int one_connection(void) {
    address to = ip("127.0.0.1", TOUR_PORT);
    int listener = open_socket(AF_INET, SOCK_STREAM), client = open_socket(AF_INET, SOCK_STREAM);
    bind(listener, ANY(&to), to.length);
    listen(listener, 8);
    connect(client, ANY(&to), to.length);
    exchange(client, accepted(listener));
    close(listener);
    return 0;
}

static int descriptors(void) {
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

int main(int argc, char **argv) {
    const char *name = argc > 1 ? argv[1] : "all";
    if (strcmp(name, "guard") == 0)
        return guard();
    if (strcmp(name, "check") == 0)
        return checker();
    if (strcmp(name, "nothing") == 0)
        return 0;
    if (strcmp(name, "overrun") == 0)
        return overrun();
    if (strcmp(name, "one-connection") == 0)
        return one_connection();
    alarm(TOUR_SECONDS);
    if (strcmp(name, "handed-over") == 0) {
        tour_handed_over();
        return found ? EXIT_FINDING : 0;
    }
    /* Inherited ones, which closefrom would take along. */
    PAST_LIBC(close_range, 3, ~0u, 0);
    int before = descriptors();
    tour_streams(name);
    tour_datagrams(name);
    tour_processes(name);
    tour_programs(name);
    int after = descriptors();
    if (after != before)
        finding("%d descriptors before, %d after", before, after);
    if (!wanted && strcmp(name, "list") != 0)
        finding("no scenario is called %s", name);
    return found ? EXIT_FINDING : 0;
}
