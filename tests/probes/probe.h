/*
 * Shared by all probe programs: printing facts, naming errnos, IP addresses as values, sockets that are ready for use,
 * and peers in other processes.
 *
 * A probe is an ordinary socket program about one family of behaviours. It prints `name: value` lines that are the same
 * on every run over real TCP and UDP, so that a run under the library can be compared with it line by line.
 */
#ifndef PROBE_H
#define PROBE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Then it hangs. An emulated machine takes longer. */
#ifndef PROBE_SECONDS
#define PROBE_SECONDS 300
#endif

static inline const char *errno_name(int number) {
    const char *name = number == 0 ? "0" : strerrorname_np(number);
    return name == NULL ? "unknown errno" : name;
}

/* Ends the probe: its surroundings failed, so that its facts would be worthless. */
static inline _Noreturn void die(const char *what) {
    dprintf(STDERR_FILENO, "probe failed: %s: %s\n", what, errno_name(errno));
    _exit(2);
}

#define PROBE_TEXT_OF(x) #x
#define PROBE_LINE(x) PROBE_TEXT_OF(x)
#define CHECK(call)                                                                                                    \
    __extension__({                                                                                                    \
        __auto_type check_result = (call);                                                                             \
        if (check_result < 0)                                                                                          \
            die(__FILE__ ":" PROBE_LINE(__LINE__) ": " #call);                                                         \
        check_result;                                                                                                  \
    })

/* Prints one line with one write, so that the lines of several processes never mix and nothing is buffered at fork. */
__attribute__((format(printf, 2, 3))) static inline void fact(const char *name, const char *format, ...) {
    char line[1024];
    int saved = errno;
    int length = snprintf(line, sizeof line, "%s: ", name);
    va_list values;
    va_start(values, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length - 1, format, values);
    va_end(values);
    line[length++] = '\n';
    if (write(STDOUT_FILENO, line, (size_t)length) != length)
        die("write a fact");
    errno = saved;
}

static inline void fact_yes(const char *name, bool value) {
    fact(name, "%s", value ? "yes" : "no");
}

/* Prints `ok` for a call that succeeded, else its errno. */
static inline bool fact_call(const char *name, long result) {
    fact(name, "%s", result >= 0 ? "ok" : errno_name(errno));
    return result >= 0;
}

/* Prints the number that a call returned, else its errno. */
static inline long fact_number(const char *name, long result) {
    if (result >= 0)
        fact(name, "%ld", result);
    else
        fact(name, "%s", errno_name(errno));
    return result;
}

/* Call first in main: a probe that hangs is ended by SIGALRM. */
static inline void probe_start(void) {
    signal(SIGPIPE, SIG_DFL);
    alarm(PROBE_SECONDS);
}

typedef struct {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_storage space;
    };
    socklen_t length;
} address;

/* An IPv6 address is recognised by its colon. `port` is in host byte order. */
static inline address ip(const char *text, int port) {
    address made;
    memset(&made, 0, sizeof made);
    if (strchr(text, ':') != NULL) {
        made.v6.sin6_family = AF_INET6;
        made.v6.sin6_port = htons((uint16_t)port);
        made.length = sizeof made.v6;
        if (inet_pton(AF_INET6, text, &made.v6.sin6_addr) != 1)
            die(text);
    } else {
        made.v4.sin_family = AF_INET;
        made.v4.sin_port = htons((uint16_t)port);
        made.length = sizeof made.v4;
        if (inet_pton(AF_INET, text, &made.v4.sin_addr) != 1)
            die(text);
    }
    return made;
}

/* An address that a call may fill: all of it is 0xff, so that what was not written shows. */
static inline address unwritten(void) {
    address made;
    memset(&made, 0xff, sizeof made);
    made.length = sizeof made.space;
    return made;
}

static inline int port_of(const address *of) {
    return ntohs(of->any.sa_family == AF_INET6 ? of->v6.sin6_port : of->v4.sin_port);
}

/* The text of an address without its port. Good until the eighth call after. */
static inline const char *ip_text(const address *of) {
    static char texts[8][INET6_ADDRSTRLEN + 32];
    static unsigned next;
    char *text = texts[next++ % 8];
    if (of->any.sa_family == AF_INET)
        inet_ntop(AF_INET, &of->v4.sin_addr, text, INET6_ADDRSTRLEN);
    else if (of->any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &of->v6.sin6_addr, text, INET6_ADDRSTRLEN);
    else
        snprintf(text, sizeof texts[0], "family %d, %u bytes", of->any.sa_family, (unsigned)of->length);
    return text;
}

/* Whether family, address, port and length are the same. */
static inline bool same_address(const address *a, const address *b) {
    if (a->length != b->length || a->any.sa_family != b->any.sa_family)
        return false;
    if (port_of(a) != port_of(b))
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0;
}

static inline address name_of(int fd) {
    address name = unwritten();
    CHECK(getsockname(fd, &name.any, &name.length));
    return name;
}

static inline address peer_of(int fd) {
    address name = unwritten();
    CHECK(getpeername(fd, &name.any, &name.length));
    return name;
}

static inline int get_option(int fd, int level, int option) {
    int value = -1;
    socklen_t length = sizeof value;
    CHECK(getsockopt(fd, level, option, &value, &length));
    return value;
}

static inline int set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* A socket bound to `text` and `port`; 0 lets the system choose. SO_REUSEADDR steps over connections in TIME_WAIT. */
static inline int bound(const char *text, int port, int type) {
    address at = ip(text, port);
    int fd = CHECK(socket(at.any.sa_family, type, 0));
    if ((type & 0xf) == SOCK_STREAM)
        CHECK(set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1));
    CHECK(bind(fd, &at.any, at.length));
    return fd;
}

static inline int listening(const char *text, int port) {
    int fd = bound(text, port, SOCK_STREAM | SOCK_CLOEXEC);
    CHECK(listen(fd, 128));
    return fd;
}

static inline void set_nonblocking(int fd) {
    CHECK(fcntl(fd, F_SETFL, CHECK(fcntl(fd, F_GETFL)) | O_NONBLOCK));
}

/* The port that the system chose for a socket. */
static inline int own_port(int fd) {
    address name = name_of(fd);
    return port_of(&name);
}

/* A port that nobody is bound to, another one by each call. It lies below the ports that the kernel chooses: a connect
   from a port to the same port is answered by its own socket (RFC 9293, 3.5). Processes in one network namespace begin
   at different ones. */
static inline int free_port(int type) {
    static int last;
    if (last == 0)
        last = 10000 + getpid() % 200 * 100;
    for (;;) {
        address at = ip("0.0.0.0", ++last);
        int fd = CHECK(socket(AF_INET, type | SOCK_CLOEXEC, 0)), result = bind(fd, &at.any, at.length);
        if (result != 0 && errno != EADDRINUSE)
            die("bind of a free port");
        CHECK(close(fd));
        if (result == 0)
            return last;
    }
}

static inline int connect_to(int fd, const char *text, int port) {
    address to = ip(text, port);
    return connect(fd, &to.any, to.length);
}

/* A new stream connection. */
static inline int connected(const char *text, int port) {
    int fd = CHECK(socket(strchr(text, ':') == NULL ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
    CHECK(connect_to(fd, text, port));
    return fd;
}

/* Returns the events of `fd` within `milliseconds`, begun anew after a signal; 0 for none. */
static inline int ready(int fd, int events, int milliseconds) {
    struct pollfd waiting = {.fd = fd, .events = (short)events};
    int found;
    do
        found = poll(&waiting, 1, milliseconds);
    while (found < 0 && errno == EINTR);
    return CHECK(found) == 0 ? 0 : waiting.revents;
}

/* Waits for one byte, which peers use to say how far they are. Returns false at the end of file. */
static inline bool wait_byte(int fd) {
    char byte;
    ssize_t got;
    do
        got = read(fd, &byte, 1);
    while (got < 0 && errno == EINTR);
    return got == 1;
}

static inline void send_byte(int fd) {
    if (write(fd, "x", 1) != 1)
        die("send a byte");
}

/* fork; the child has its own alarm, which fork does not hand on, and must end with _exit. */
static inline pid_t fork_peer(void) {
    pid_t pid = CHECK(fork());
    if (pid == 0)
        alarm(PROBE_SECONDS);
    return pid;
}

/* Waits for a peer. Returns its exit status, or 128 + the signal that ended it. */
static inline int ended(pid_t pid) {
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* True if a thread of this process waits in the kernel. */
static inline bool thread_sleeps(int thread) {
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    int file = CHECK(open(path, O_RDONLY));
    CHECK(read(file, text, sizeof text - 1));
    close(file);
    const char *end = strrchr(text, ')');
    return end != NULL && end[2] == 'S';
}

#endif
