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
#include <unistd.h>

enum {
    CONNECTS_MS = 1000,
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
    } else {
        const char *how = line->word[2];
        int number = strcmp(how, "rw") == 0 ? SHUT_RDWR : how[0] == 'r' ? SHUT_RD : how[0] == 'w' ? SHUT_WR : WRONG;
        ended(line, shutdown(*fd, number));
    }
}

struct call {
    const char *name;
    int words;
    void (*make)(struct line *line, int *fd);
};

static const struct call CALLS[] = {
    {"socket", 3, make_socket},
    {"open", 3, open_other},
    {"pair", 3, make_pair},
    {"bind", 3, do_small},
    {"listen", 3, do_small},
    {"shutdown", 3, do_small},
    {"connect", 3, do_connect},
    {"accept", 3, do_accept},
    {"accept4", 3, do_accept},
    {"name", 2, do_names},
    {"peer", 2, do_names},
    {"send", 3, do_send},
    {"write", 3, do_send},
    {"writev", 3, do_send},
    {"sendmsg", 3, do_send},
    {"sendmmsg", 3, do_send},
    {"sendto", 4, do_send},
    {"sendburst", 3, do_burst},
    {"sendfile", 3, do_send_file},
    {"sendsplice", 3, do_send_file},
    {"recv", 3, do_receive},
    {"read", 3, do_receive},
    {"readv", 3, do_receive},
    {"recvfrom", 3, do_receive},
    {"recvmsg", 3, do_receive},
    {"recvmmsg", 3, do_receive},
    {"recvsplice", 3, do_splice_in},
    {"close", 2, do_close},
    {"closerange", 2, do_close},
    {"dup", 3, do_dup},
    {"dup2", 3, do_dup},
    {"dup3", 3, do_dup},
    {"dupfd", 3, do_dup},
    {"number", 2, do_steal},
    {"steal", 4, do_steal},
    {"dupexec", 3, do_dup},
    {"get", 3, do_option},
    {"set", 4, do_option},
    {"poll", 2, do_poll},
    {"ppoll", 2, do_poll},
    {"select", 2, do_poll},
    {"epoll", 2, do_epoll},
    {"add", 3, do_epoll},
    {"modify", 3, do_epoll},
    {"delete", 3, do_epoll},
    {"wait", 2, do_wait},
    {"limit", 2, do_limit},
    {"nonblock", 3, do_request},
    {"fionbio", 3, do_request},
    {"async", 3, do_request},
    {"execs", 3, do_request},
    {"unread", 2, do_request},
    {"unsent", 2, do_request},
    {"mark", 2, do_request},
    {"flags", 2, do_request},
    {"interface", 2, do_request},
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
