/* The calls that programs may make. */
#include "interpreter.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    /* Data that has not come by then never comes: all peers are done before. */
    PATIENCE_MS = 15,
    SOME = 512,
};

int slots[SLOTS];

void say(struct line *line, const char *format, ...) {
    size_t used = strlen(line->result);
    va_list args;
    va_start(args, format);
    vsnprintf(line->result + used, sizeof(line->result) - used, format, args);
    va_end(args);
}

long ended(struct line *line, long value) {
    if (value < 0) {
        say(line, "%s", strerrorname_np(errno));
    } else {
        say(line, "%ld", value);
    }
    return value;
}

int slot_of(const char *word) {
    int slot = word[0] - 'a';
    return slot >= 0 && slot < SLOTS ? slot : 0;
}

socklen_t read_address(const char *word, struct sockaddr_storage *address) {
    char text[64];
    memset(address, 0, sizeof(*address));
    const char *colon = strrchr(word, ':');
    if (!colon || colon == word) {
        return 0;
    }
    in_port_t port = htons((in_port_t)atoi(colon + 1));
    if (word[0] == '[') {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
        snprintf(text, sizeof(text), "%.*s", (int)(colon - word - 2), word + 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        inet_pton(AF_INET6, text, &v6->sin6_addr);
        return sizeof(*v6);
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    snprintf(text, sizeof(text), "%.*s", (int)(colon - word), word);
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    inet_pton(AF_INET, text, &v4->sin_addr);
    return sizeof(*v4);
}

void say_address(struct line *line, const struct sockaddr_storage *address, socklen_t size) {
    char text[64] = "";
    if (size == 0) {
        say(line, " nobody");
    } else if (address->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        say(line, " %s:%d", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)), ntohs(v4->sin_port));
    } else if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
        say(line, " [%s]:%d", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)), ntohs(v6->sin6_port));
    } else {
        say(line, " family %d, %u bytes", address->ss_family, size);
    }
}

/** Returns whether a call that would wait may be made; says so where not. */
static int is_ready(struct line *line, int fd) {
    struct pollfd asked = {.fd = fd, .events = POLLIN};
    if (fd >= 0 && poll(&asked, 1, PATIENCE_MS) == 0) {
        say(line, "waits");
        return 0;
    }
    return 1;
}

static void say_bytes(struct line *line, long count, const char *bytes) {
    if (ended(line, count) > 0) {
        say(line, " \"%.*s\"", (int)count, bytes);
    }
}

static void make_socket(struct line *line, int *fd) {
    const char *type = line->word[2];
    int family = strchr(type, '6') ? AF_INET6 : AF_INET;
    *fd = socket(family, type[0] == 't' ? SOCK_STREAM : SOCK_DGRAM, 0);
    say(line, *fd < 0 ? "%s" : "made", strerrorname_np(errno));
}

static void do_accept(struct line *line, int *fd) {
    struct sockaddr_storage peer;
    socklen_t size = sizeof(peer);
    if (!is_ready(line, *fd)) {
        return;
    }
    int accepted = accept(*fd, (struct sockaddr *)&peer, &size);
    if (accepted < 0) {
        ended(line, accepted);
        return;
    }
    slots[slot_of(line->word[2])] = accepted;
    say(line, "from");
    say_address(line, &peer, size);
}

static void do_names(struct line *line, int *fd) {
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    int is_own = line->word[0][0] == 'n';
    int result = (is_own ? getsockname : getpeername)(*fd, (struct sockaddr *)&address, &size);
    if (ended(line, result) == 0) {
        say_address(line, &address, size);
    }
}

static void do_send(struct line *line, int *fd) {
    struct sockaddr_storage to;
    const char *text = line->word[line->words - 1];
    socklen_t size = line->words > 3 ? read_address(line->word[2], &to) : 0;
    struct iovec part = {.iov_base = (char *)text, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = size ? &to : NULL, .msg_namelen = size};
    const char *name = line->word[0];
    if (strcmp(name, "write") == 0) {
        ended(line, write(*fd, text, part.iov_len));
    } else if (strcmp(name, "writev") == 0) {
        ended(line, writev(*fd, &part, 1));
    } else if (strcmp(name, "sendmsg") == 0) {
        ended(line, sendmsg(*fd, &message, 0));
    } else {
        ended(line, sendto(*fd, text, part.iov_len, 0, message.msg_name, size));
    }
}

static void do_receive(struct line *line, int *fd) {
    char bytes[SOME];
    struct sockaddr_storage from;
    socklen_t size = sizeof(from);
    size_t most = (size_t)atoi(line->word[2]) % SOME;
    int flags = line->words > 3 ? MSG_PEEK : 0;
    struct iovec part = {.iov_base = bytes, .iov_len = most};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = &from, .msg_namelen = sizeof(from)};
    const char *name = line->word[0];
    if (!is_ready(line, *fd)) {
        return;
    }
    if (strcmp(name, "read") == 0) {
        say_bytes(line, read(*fd, bytes, most), bytes);
    } else if (strcmp(name, "recv") == 0) {
        say_bytes(line, recv(*fd, bytes, most, flags | MSG_DONTWAIT), bytes);
    } else if (strcmp(name, "recvmsg") == 0) {
        long count = recvmsg(*fd, &message, flags | MSG_DONTWAIT);
        say_bytes(line, count, bytes);
        if (count >= 0) {
            say_address(line, &from, message.msg_namelen);
            say(line, " flags %#x", message.msg_flags);
        }
    } else {
        long count = recvfrom(*fd, bytes, most, flags | MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        say_bytes(line, count, bytes);
        if (count >= 0) {
            say_address(line, &from, size);
        }
    }
}

struct option {
    const char *name;
    int level;
    int number;
};

static const struct option OPTIONS[] = {
    {"error", SOL_SOCKET, SO_ERROR},         {"type", SOL_SOCKET, SO_TYPE},
    {"domain", SOL_SOCKET, SO_DOMAIN},       {"protocol", SOL_SOCKET, SO_PROTOCOL},
    {"listens", SOL_SOCKET, SO_ACCEPTCONN},  {"reuseaddr", SOL_SOCKET, SO_REUSEADDR},
    {"reuseport", SOL_SOCKET, SO_REUSEPORT}, {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
    {"broadcast", SOL_SOCKET, SO_BROADCAST}, {"nodelay", IPPROTO_TCP, TCP_NODELAY},
    {"v6only", IPPROTO_IPV6, IPV6_V6ONLY},   {"ttl", IPPROTO_IP, IP_TTL},
};

static void do_option(struct line *line, int *fd) {
    const struct option *option = OPTIONS;
    while (strcmp(option->name, line->word[2]) != 0) {
        if (++option == OPTIONS + sizeof(OPTIONS) / sizeof(*OPTIONS)) {
            say(line, "no such option");
            return;
        }
    }
    if (line->words > 3) {
        int value = atoi(line->word[3]);
        ended(line, setsockopt(*fd, option->level, option->number, &value, sizeof(value)));
        return;
    }
    int value = -1;
    socklen_t size = sizeof(value);
    if (ended(line, getsockopt(*fd, option->level, option->number, &value, &size)) == 0) {
        say(line, " value %d", value);
    }
}

static void do_poll(struct line *line, int *fd) {
    struct pollfd asked = {.fd = *fd, .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    struct pollfd silent = {.fd = *fd, .events = POLLIN};
    poll(&silent, 1, PATIENCE_MS);
    int count = poll(&asked, 1, 0);
    if (ended(line, count) >= 0) {
        say(line, " %#x", (unsigned)asked.revents);
    }
}

static void do_epoll(struct line *line, int *fd) {
    const char *name = line->word[0];
    if (strcmp(name, "epoll") == 0) {
        *fd = epoll_create1(0);
        say(line, "made");
    } else if (strcmp(name, "wait") == 0) {
        struct epoll_event events[SLOTS];
        int count = epoll_wait(*fd, events, SLOTS, PATIENCE_MS);
        ended(line, count);
        for (int slot = 0; slot < SLOTS; slot++) {
            for (int i = 0; i < count; i++) {
                if (events[i].data.u32 == (unsigned)slot) {
                    say(line, " %c %#x", 'a' + slot, events[i].events);
                }
            }
        }
    } else {
        int slot = slot_of(line->word[2]);
        int operation = name[0] == 'a' ? EPOLL_CTL_ADD : name[0] == 'm' ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
        int is_edge = line->words > 3 && strcmp(line->word[3], "edge") == 0;
        struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | (is_edge ? (unsigned)EPOLLET : 0)};
        event.data.u32 = (unsigned)slot;
        ended(line, epoll_ctl(*fd, operation, slots[slot], &event));
    }
}

static void do_small(struct line *line, int *fd) {
    const char *name = line->word[0];
    struct sockaddr_storage address;
    if (strcmp(name, "bind") == 0) {
        socklen_t size = read_address(line->word[2], &address);
        ended(line, bind(*fd, (struct sockaddr *)&address, size));
    } else if (strcmp(name, "connect") == 0) {
        socklen_t size = read_address(line->word[2], &address);
        ended(line, connect(*fd, (struct sockaddr *)&address, size ? size : sizeof(struct sockaddr_in)));
    } else if (strcmp(name, "listen") == 0) {
        ended(line, listen(*fd, atoi(line->word[2])));
    } else if (strcmp(name, "shutdown") == 0) {
        const char *how = line->word[2];
        ended(line, shutdown(*fd, strcmp(how, "rw") == 0 ? SHUT_RDWR : how[0] == 'r' ? SHUT_RD : SHUT_WR));
    } else if (strcmp(name, "close") == 0) {
        ended(line, close(*fd));
        *fd = -1;
    } else if (strcmp(name, "dup") == 0) {
        int copy = dup(*fd);
        slots[slot_of(line->word[2])] = copy;
        say(line, copy < 0 ? "%s" : "made", strerrorname_np(errno));
    } else if (strcmp(name, "nonblock") == 0) {
        ended(line, fcntl(*fd, F_SETFL, atoi(line->word[2]) ? O_NONBLOCK : 0));
    } else {
        int unread = -1;
        ended(line, ioctl(*fd, FIONREAD, &unread));
        say(line, " %d unread", unread);
    }
}

struct call {
    const char *name;
    int words;
    void (*make)(struct line *line, int *fd);
};

static const struct call CALLS[] = {
    {"socket", 3, make_socket}, {"bind", 3, do_small},   {"listen", 3, do_small},     {"connect", 3, do_small},
    {"accept", 3, do_accept},   {"name", 2, do_names},   {"peer", 2, do_names},       {"send", 3, do_send},
    {"write", 3, do_send},      {"writev", 3, do_send},  {"sendmsg", 3, do_send},     {"sendto", 4, do_send},
    {"recv", 3, do_receive},    {"read", 3, do_receive}, {"recvfrom", 3, do_receive}, {"recvmsg", 3, do_receive},
    {"shutdown", 3, do_small},  {"close", 2, do_small},  {"dup", 3, do_small},        {"get", 3, do_option},
    {"set", 4, do_option},      {"poll", 2, do_poll},    {"epoll", 2, do_epoll},      {"add", 3, do_epoll},
    {"modify", 3, do_epoll},    {"delete", 3, do_epoll}, {"wait", 2, do_epoll},       {"nonblock", 3, do_small},
    {"unread", 2, do_small},
};

int do_call(struct line *line) {
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(*CALLS); i++) {
        if (line->words >= CALLS[i].words && strcmp(CALLS[i].name, line->word[0]) == 0) {
            CALLS[i].make(line, &slots[slot_of(line->word[1])]);
            return 1;
        }
    }
    return 0;
}
