/* The calls that programs may make. */
#include "interpreter.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    CONNECTS_MS = 1000,
    SOME = 512,
    /* The least number of a duplicate that asks for one. */
    ABOVE = 30,
    WRONG = 7,
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
        say(line, "%s", name_of_error(errno));
    } else {
        say(line, "%ld", value);
    }
    return value;
}

int slot_of(const char *word) {
    int slot = word[0] - 'a';
    return slot >= 0 && slot < SLOTS ? slot : 0;
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

static void do_accept(struct line *line, int *fd) {
    struct taken peer;
    const char *place = line->words > 3 ? line->word[3] : NULL;
    prepare_place(place, &peer);
    if (!is_ready(line, *fd)) {
        return;
    }
    int accepted = strcmp(line->word[0], "accept4") == 0 ? accept4(*fd, peer.at, peer.size_at, SOCK_NONBLOCK)
                                                         : accept(*fd, peer.at, peer.size_at);
    if (accepted < 0) {
        ended(line, accepted);
        return;
    }
    slots[slot_of(line->word[2])] = accepted;
    say(line, "from");
    /* A plain server's clients have other names. */
    if (!place || strcmp(place, "null") != 0) {
        say_address(line, &peer);
    }
}

static void do_names(struct line *line, int *fd) {
    struct taken taken;
    prepare_place(line->words > 2 ? line->word[2] : NULL, &taken);
    int is_own = line->word[0][0] == 'n';
    if (ended(line, (is_own ? getsockname : getpeername)(*fd, taken.at, taken.size_at)) == 0) {
        say_address(line, &taken);
    }
}

/** Sends two datagrams, or twice the same bytes. */
static void send_two(struct line *line, int fd, struct msghdr *message) {
    struct mmsghdr two[2] = {{.msg_hdr = *message}, {.msg_hdr = *message}};
    ended(line, sendmmsg(fd, two, 2, 0));
}

static void do_send(struct line *line, int *fd) {
    struct given to = {.at = NULL};
    const char *text = line->word[line->words - 1];
    char *bytes = bytes_of(text, line->word[line->words - 1]);
    if (line->words > 3) {
        read_address(line->word[2], &to);
    }
    struct iovec part = {.iov_base = bytes, .iov_len = strlen(text)};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_name = (void *)to.at, .msg_namelen = to.size};
    const char *name = line->word[0];
    if (strcmp(name, "write") == 0) {
        ended(line, write(*fd, bytes, part.iov_len));
    } else if (strcmp(name, "writev") == 0) {
        ended(line, writev(*fd, &part, 1));
    } else if (strcmp(name, "sendmsg") == 0) {
        ended(line, sendmsg(*fd, &message, 0));
    } else if (strcmp(name, "sendmmsg") == 0) {
        send_two(line, *fd, &message);
    } else {
        ended(line, sendto(*fd, bytes, part.iov_len, 0, to.at, to.size));
    }
}

/** Receives up to two datagrams, or pieces of a stream. */
static void receive_two(struct line *line, int fd, size_t most) {
    char bytes[2][SOME];
    struct taken from[2];
    struct iovec parts[2];
    struct mmsghdr two[2];
    memset(two, 0, sizeof(two));
    for (int i = 0; i < 2; i++) {
        prepare_place(NULL, &from[i]);
        parts[i] = (struct iovec){.iov_base = bytes[i], .iov_len = most};
        two[i].msg_hdr.msg_iov = &parts[i];
        two[i].msg_hdr.msg_iovlen = 1;
        two[i].msg_hdr.msg_name = from[i].at;
        two[i].msg_hdr.msg_namelen = from[i].size;
    }
    int count = recvmmsg(fd, two, 2, MSG_DONTWAIT, NULL);
    ended(line, count);
    for (int i = 0; i < count; i++) {
        from[i].size = two[i].msg_hdr.msg_namelen;
        say(line, " \"%.*s\"", (int)two[i].msg_len, bytes[i]);
        say_address(line, &from[i]);
    }
}

static void receive_message(struct line *line, int fd, struct iovec *part, int flags, struct taken *from) {
    struct msghdr message = {.msg_iov = part, .msg_iovlen = 1, .msg_name = from->at, .msg_namelen = from->size};
    const char *bytes = part->iov_base;
    long count = recvmsg(fd, &message, flags | MSG_DONTWAIT);
    say_bytes(line, count, bytes);
    if (count >= 0) {
        from->size = message.msg_namelen;
        say_address(line, from);
        say(line, " flags %#x", (unsigned)message.msg_flags);
    }
}

static void do_receive(struct line *line, int *fd) {
    char room[SOME];
    struct taken from;
    const char *how = line->words > 3 ? line->word[3] : "";
    char *bytes = bytes_of(how, room);
    size_t most = (size_t)atoi(line->word[2]) % SOME;
    int flags = strcmp(how, "peek") == 0 ? MSG_PEEK : 0;
    struct iovec part = {.iov_base = bytes, .iov_len = most};
    const char *name = line->word[0];
    prepare_place(strcmp(how, "fault") == 0 ? NULL : how, &from);
    if (!is_ready(line, *fd)) {
        return;
    }
    if (strcmp(name, "read") == 0) {
        say_bytes(line, read(*fd, bytes, most), bytes);
    } else if (strcmp(name, "recv") == 0) {
        say_bytes(line, recv(*fd, bytes, most, flags | MSG_DONTWAIT), bytes);
    } else if (strcmp(name, "recvmsg") == 0) {
        receive_message(line, *fd, &part, flags, &from);
    } else if (strcmp(name, "recvmmsg") == 0) {
        receive_two(line, *fd, most);
    } else {
        long count = recvfrom(*fd, bytes, most, flags | MSG_DONTWAIT, from.at, from.size_at);
        say_bytes(line, count, bytes);
        if (count >= 0) {
            say_address(line, &from);
        }
    }
}

/** Connects. A connect that does not wait is waited for, so that it ends as one that does. */
static void do_connect(struct line *line, int *fd) {
    struct given to;
    read_address(line->word[2], &to);
    long result = connect(*fd, to.at, to.size);
    if (result < 0 && errno == EINPROGRESS) {
        struct pollfd asked = {.fd = *fd, .events = POLLOUT};
        socklen_t size = sizeof(errno);
        int error = poll(&asked, 1, CONNECTS_MS) > 0 ? 0 : ETIMEDOUT;
        if (error == 0) {
            getsockopt(*fd, SOL_SOCKET, SO_ERROR, &error, &size);
        }
        errno = error;
        result = error ? -1 : 0;
    }
    ended(line, result);
}

static void do_dup(struct line *line, int *fd) {
    const char *name = line->word[0];
    int *to = &slots[slot_of(line->word[2])];
    int copy = strcmp(name, "dup2") == 0 && *to >= 0   ? dup2(*fd, *to)
               : strcmp(name, "dup3") == 0 && *to >= 0 ? dup3(*fd, *to, 0)
               : strcmp(name, "dupfd") == 0            ? fcntl(*fd, F_DUPFD, ABOVE)
                                                       : dup(*fd);
    made(line, copy);
    if (copy >= 0) {
        *to = copy;
    }
}

static void do_close(struct line *line, int *fd) {
    unsigned number = (unsigned)*fd;
    ended(line, line->word[0][5] ? syscall(SYS_close_range, number, number, 0) : close(*fd));
    *fd = -1;
}

/** Leaves room for descriptors below a number alone. */
static void do_limit(struct line *line, int *fd) {
    struct rlimit limit;
    (void)fd;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = (rlim_t)atoi(line->word[1]);
    ended(line, setrlimit(RLIMIT_NOFILE, &limit));
}

static void do_small(struct line *line, int *fd) {
    const char *name = line->word[0];
    struct given address;
    if (strcmp(name, "bind") == 0) {
        read_address(line->word[2], &address);
        ended(line, bind(*fd, address.at, address.size));
    } else if (strcmp(name, "listen") == 0) {
        ended(line, listen(*fd, atoi(line->word[2])));
    } else if (strcmp(name, "shutdown") == 0) {
        const char *how = line->word[2];
        int number = strcmp(how, "rw") == 0 ? SHUT_RDWR : how[0] == 'r' ? SHUT_RD : how[0] == 'w' ? SHUT_WR : WRONG;
        ended(line, shutdown(*fd, number));
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
    {"socket", 3, make_socket}, {"open", 3, open_other},     {"bind", 3, do_small},       {"listen", 3, do_small},
    {"connect", 3, do_connect}, {"accept", 3, do_accept},    {"accept4", 3, do_accept},   {"name", 2, do_names},
    {"peer", 2, do_names},      {"send", 3, do_send},        {"write", 3, do_send},       {"writev", 3, do_send},
    {"sendmsg", 3, do_send},    {"sendmmsg", 3, do_send},    {"sendto", 4, do_send},      {"recv", 3, do_receive},
    {"read", 3, do_receive},    {"recvfrom", 3, do_receive}, {"recvmsg", 3, do_receive},  {"recvmmsg", 3, do_receive},
    {"shutdown", 3, do_small},  {"close", 2, do_close},      {"closerange", 2, do_close}, {"dup", 3, do_dup},
    {"dup2", 3, do_dup},        {"dup3", 3, do_dup},         {"dupfd", 3, do_dup},        {"get", 3, do_option},
    {"set", 4, do_option},      {"poll", 2, do_poll},        {"ppoll", 2, do_poll},       {"select", 2, do_poll},
    {"epoll", 2, do_epoll},     {"add", 3, do_epoll},        {"modify", 3, do_epoll},     {"delete", 3, do_epoll},
    {"wait", 2, do_wait},       {"nonblock", 3, do_small},   {"unread", 2, do_small},     {"limit", 2, do_limit},
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
