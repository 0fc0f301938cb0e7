/* Calls that move data: between programs, and between a socket and a file or a pipe. */
#include "interpreter.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    SOME = 512,
    /* More datagrams than AF_UNIX's queue holds in a new network namespace. */
    MANY = 14,
    TTL = 9,
};

/** Control data with one number. */
struct control {
    struct cmsghdr head;
    long number;
};

/** Words for flags: of a send they follow a "+". */
static const struct flag {
    const char *name;
    int flags;
} FLAGS[] = {
    {"peek", MSG_PEEK},
    {"all", MSG_WAITALL},
    {"peekall", MSG_PEEK | MSG_WAITALL},
    {"peekwait", MSG_PEEK | MSG_WAITALL},
    {"errors", MSG_ERRQUEUE},
    {"trunc", MSG_TRUNC},
    {"+silent", MSG_NOSIGNAL},
    {"+nowait", MSG_DONTWAIT},
    {"+record", MSG_EOR},
    {"+confirm", MSG_CONFIRM},
    {"+noroute", MSG_DONTROUTE},
    {"urgent", MSG_OOB},
    {"+urgent", MSG_OOB},
    {"+more", MSG_MORE},
    {"peektrunc", MSG_PEEK | MSG_TRUNC},
};

static int read_flags(const char *word) {
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(*FLAGS); i++) {
        if (strcmp(FLAGS[i].name, word) == 0) {
            return FLAGS[i].flags;
        }
    }
    return 0;
}

int is_ready(struct line *line, int fd) {
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

/** Has receives end after a while, or wait for ever (0). */
static void set_patience(int fd, int ms) {
    struct timeval patience = {.tv_usec = ms * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

/** Waits until a receive of an urgent byte has one, or has none for certain. */
static void await_urgent(int fd) {
    struct pollfd asked = {.fd = fd, .events = POLLPRI};
    poll(&asked, 1, PATIENCE_MS);
}

/** Splits bytes into two parts. Returns how many there are. */
static size_t split_bytes(char *bytes, size_t size, struct iovec *parts) {
    size_t first = size > 2 ? 2 : size;
    parts[0] = (struct iovec){.iov_base = bytes, .iov_len = first};
    parts[1] = (struct iovec){.iov_base = bytes + first, .iov_len = size - first};
    return 2;
}

/**
 * Has TCP send what it holds back. It sends a small piece after another one only once that one is acknowledged (Nagle's
 * algorithm), which AF_UNIX never waits for. The option is then as before.
 */
static void push(int fd) {
    int before = 1;
    int on = 1;
    socklen_t size = sizeof(before);
    if (!is_redirected() && getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &before, &size) == 0 && !before) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &before, sizeof(before));
    }
}

/** Adds the control data that a word names: a TTL, or a descriptor that goes along, which TCP and UDP ignore. */
static void add_control(const char *word, struct msghdr *message, struct control *room, int fd) {
    int is_right = strcmp(word, "+rights") == 0;
    if (!is_right && strcmp(word, "+ttl") != 0) {
        return;
    }
    room->head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)),
                                  .cmsg_level = is_right ? SOL_SOCKET : IPPROTO_IP,
                                  .cmsg_type = is_right ? SCM_RIGHTS : IP_TTL};
    room->number = is_right ? fd : TTL;
    message->msg_control = room;
    message->msg_controllen = sizeof(*room);
}

/** Sends two datagrams, or twice the same bytes. */
static void send_two(struct line *line, int fd, struct msghdr *message, int flags) {
    struct mmsghdr two[2] = {{.msg_hdr = *message}, {.msg_hdr = *message}};
    ended(line, sendmmsg(fd, two, 2, flags));
}

void do_send(struct line *line, int *fd) {
    struct given to = {.at = NULL};
    struct iovec parts[2];
    struct control room;
    const char *how = "";
    if (line->word[line->words - 1][0] == '+') {
        how = line->word[--line->words];
    }
    int flags = read_flags(how);
    char *text = line->word[line->words - 1];
    char *bytes = bytes_of(text, text);
    size_t size = strlen(text);
    if (line->words > 3) {
        read_address(line->word[2], &to);
        lead_plain(*fd, &to);
    }
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = split_bytes(bytes, size, parts),
                             .msg_name = (void *)to.at,
                             .msg_namelen = to.size};
    const char *name = line->word[0];
    add_control(how, &message, &room, *fd);
    if (strcmp(name, "write") == 0) {
        ended(line, write(*fd, bytes, size));
    } else if (strcmp(name, "writev") == 0) {
        ended(line, writev(*fd, parts, 2));
    } else if (strcmp(name, "sendmsg") == 0) {
        ended(line, sendmsg(*fd, &message, flags));
    } else if (strcmp(name, "sendmmsg") == 0) {
        send_two(line, *fd, &message, flags);
    } else {
        ended(line, sendto(*fd, bytes, size, flags, to.at, to.size));
    }
    push(*fd);
}

void do_burst(struct line *line, int *fd) {
    const char *text = line->word[2];
    for (int i = 0; i < MANY; i++) {
        ended(line, send(*fd, text, strlen(text), 0));
        say(line, " ");
    }
}

void do_send_file(struct line *line, int *fd) {
    const char *text = line->word[2];
    size_t size = strlen(text);
    int ends[2] = {-1, -1};
    int is_file = strcmp(line->word[0], "sendfile") == 0;
    off_t at = 0;
    if (is_file) {
        ends[0] = ends[1] = memfd_create("file", MFD_CLOEXEC);
    } else if (pipe2(ends, O_CLOEXEC) < 0) {
        ends[0] = -1;
    }
    if (ends[0] < 0) {
        say(line, "none");
        return;
    }
    if (write(ends[1], text, size) == (ssize_t)size) {
        ended(line, is_file ? sendfile(*fd, ends[0], &at, size) : splice(ends[0], NULL, *fd, NULL, size, 0));
    }
    say(line, " at %ld", (long)at);
    push(*fd);
    close(ends[0]);
    if (!is_file) {
        close(ends[1]);
    }
}

void do_splice_in(struct line *line, int *fd) {
    char bytes[SOME];
    int ends[2];
    if (!is_ready(line, *fd)) {
        return;
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        say(line, "none");
        return;
    }
    long count = splice(*fd, NULL, ends[1], NULL, (size_t)atoi(line->word[2]) % SOME, SPLICE_F_NONBLOCK);
    say_bytes(line, count > 0 ? read(ends[0], bytes, sizeof(bytes)) : count, bytes);
    close(ends[0]);
    close(ends[1]);
}

/** Receives up to two datagrams, or pieces of a stream. */
static void receive_two(struct line *line, int fd, size_t most, int flags) {
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
    struct timespec patience = {.tv_sec = 1};
    int count = recvmmsg(fd, two, 2, flags, &patience);
    ended(line, count);
    for (int i = 0; i < count; i++) {
        from[i].size = two[i].msg_hdr.msg_namelen;
        say(line, " %u", two[i].msg_len);
        if (!(flags & MSG_TRUNC)) {
            say(line, " \"%.*s\"", (int)two[i].msg_len, bytes[i]);
        }
        say_address(line, &from[i]);
    }
}

/** Says to which address a datagram was sent, and which other control data came with it. */
static void say_control(struct line *line, struct msghdr *message) {
    char text[64] = "";
    for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
        struct in_pktinfo v4;
        struct in6_pktinfo v6;
        memcpy(&v4, CMSG_DATA(head), sizeof(v4));
        memcpy(&v6, CMSG_DATA(head), sizeof(v6));
        if (head->cmsg_level == IPPROTO_IP && head->cmsg_type == IP_PKTINFO) {
            say(line, " to %s", inet_ntop(AF_INET, &v4.ipi_addr, text, sizeof(text)));
        } else if (head->cmsg_level == IPPROTO_IPV6 && head->cmsg_type == IPV6_PKTINFO) {
            say(line, " to [%s]", inet_ntop(AF_INET6, &v6.ipi6_addr, text, sizeof(text)));
        } else {
            say(line, " control %d %d", head->cmsg_level, head->cmsg_type);
        }
    }
}

static void receive_message(struct line *line, int fd, struct iovec *whole, int flags, struct taken *from) {
    char *bytes = whole->iov_base;
    char room[256] = "";
    struct iovec parts[2];
    struct msghdr message = {.msg_iov = parts,
                             .msg_iovlen = split_bytes(bytes, whole->iov_len, parts),
                             .msg_control = room,
                             .msg_controllen = sizeof(room) - sizeof(struct in6_pktinfo), /* read whole, if short */
                             .msg_name = from->at,
                             .msg_namelen = from->size};
    long count = recvmsg(fd, &message, flags);
    say_bytes(line, count, flags & MSG_TRUNC ? "" : bytes);
    if (count >= 0) {
        from->size = message.msg_namelen;
        say_address(line, from);
        note_sender(from);
        say(line, " flags %#x", (unsigned)message.msg_flags);
        say_control(line, &message);
    }
}

void do_receive(struct line *line, int *fd) {
    char room[SOME];
    struct taken from;
    struct iovec parts[2];
    const char *how = line->words > 3 ? line->word[3] : "";
    char *bytes = bytes_of(how, room);
    struct iovec part = {.iov_base = bytes, .iov_len = (size_t)atoi(line->word[2]) % SOME};
    int waits = strcmp(how, "peekwait") == 0;
    int flags = read_flags(how) | (waits ? 0 : MSG_DONTWAIT);
    /* TCP drops the bytes, and the datagram may be longer than the room. */
    const char *shown = flags & MSG_TRUNC ? "" : bytes;
    const char *name = line->word[0];
    prepare_place(strcmp(how, "fault") == 0 ? NULL : how, &from);
    if ((flags & MSG_OOB) && strncmp(name, "recv", 4) == 0) {
        await_urgent(*fd);
    } else if (!is_ready(line, *fd)) {
        return;
    }
    if (waits) {
        set_patience(*fd, PATIENCE_MS);
    }
    if (strcmp(name, "read") == 0) {
        say_bytes(line, read(*fd, bytes, part.iov_len), bytes);
    } else if (strcmp(name, "readv") == 0) {
        split_bytes(bytes, part.iov_len, parts);
        say_bytes(line, readv(*fd, parts, 2), bytes);
    } else if (strcmp(name, "recv") == 0) {
        say_bytes(line, recv(*fd, bytes, part.iov_len, flags), shown);
    } else if (strcmp(name, "recvmsg") == 0) {
        receive_message(line, *fd, &part, flags, &from);
    } else if (strcmp(name, "recvmmsg") == 0) {
        receive_two(line, *fd, part.iov_len, flags);
    } else {
        long count = recvfrom(*fd, bytes, part.iov_len, flags, from.at, from.size_at);
        say_bytes(line, count, shown);
        if (count >= 0) {
            say_address(line, &from);
            note_sender(&from);
        }
    }
    if (waits) {
        set_patience(*fd, 0);
    }
}
