/* Arguments and results of calls: addresses, bytes and options, right ones and wrong ones. */
#include "interpreter.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/un.h>

enum {
    PAGE = 4096,
    STRANGE = 9999,
    SHORT = 4,
    SHORT_US = 50000,
};

#define NAME(error)                                                                                                    \
    case error:                                                                                                        \
        return #error;

const char *name_of_error(int number) {
    static char text[16];
    switch (number) {
        NAME(EPERM)
        NAME(ENOENT)
        NAME(EINTR)
        NAME(EBADF)
        NAME(EAGAIN)
        NAME(ENOMEM)
        NAME(EACCES)
        NAME(EFAULT)
        NAME(EBUSY)
        NAME(EEXIST)
        NAME(ENOTDIR)
        NAME(EINVAL)
        NAME(EMFILE)
        NAME(ENOTTY)
        NAME(EPIPE)
        NAME(ESPIPE)
        NAME(ENOTSOCK)
        NAME(EDESTADDRREQ)
        NAME(EMSGSIZE)
        NAME(EPROTOTYPE)
        NAME(ENOPROTOOPT)
        NAME(EPROTONOSUPPORT)
        NAME(ESOCKTNOSUPPORT)
        NAME(EOPNOTSUPP)
        NAME(EAFNOSUPPORT)
        NAME(EADDRINUSE)
        NAME(EADDRNOTAVAIL)
        NAME(ENETUNREACH)
        NAME(ECONNABORTED)
        NAME(ECONNRESET)
        NAME(ENOBUFS)
        NAME(EISCONN)
        NAME(ENOTCONN)
        NAME(ETIMEDOUT)
        NAME(ECONNREFUSED)
        NAME(EALREADY)
        NAME(EINPROGRESS)
    }
    snprintf(text, sizeof(text), "E%d", number);
    return text;
}

/** Returns a page that nobody may read or write. */
static char *forbidden(void) {
    static char *page;
    if (!page) {
        page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    }
    return page;
}

char *bytes_of(const char *word, char *bytes) {
    return strcmp(word, "fault") == 0 ? forbidden() : bytes;
}

static void read_ip(const char *word, struct given *given) {
    char text[64];
    const char *colon = strrchr(word, ':');
    in_port_t port = htons((in_port_t)atoi(colon + 1));
    if (word[0] == '[') {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)given->room;
        snprintf(text, sizeof(text), "%.*s", (int)(colon - word - 2), word + 1);
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        inet_pton(AF_INET6, text, &v6->sin6_addr);
        given->size = sizeof(*v6);
        return;
    }
    struct sockaddr_in *v4 = (struct sockaddr_in *)given->room;
    snprintf(text, sizeof(text), "%.*s", (int)(colon - word), word);
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    inet_pton(AF_INET, text, &v4->sin_addr);
    given->size = sizeof(*v4);
}

/** The sender that a receive of this process gave last. */
static struct taken last_sender;

void note_sender(const struct taken *from) {
    last_sender = *from;
}

void read_address(const char *word, struct given *given) {
    memset(given, 0, sizeof(*given));
    given->at = (struct sockaddr *)given->room;
    given->size = sizeof(struct sockaddr_in);
    if (strchr(word, ':')) {
        read_ip(word, given);
        return;
    }
    read_ip("127.0.0.1:7001", given);
    struct sockaddr *any = (struct sockaddr *)given->room;
    if (strcmp(word, "sender") == 0) {
        memcpy(given->room, &last_sender.room, sizeof(last_sender.room));
        given->size = last_sender.size;
    } else if (strcmp(word, "none") == 0) {
        memset(given->room, 0, sizeof(given->room));
    } else if (strcmp(word, "fault") == 0) {
        given->at = (struct sockaddr *)forbidden();
    } else if (strcmp(word, "null") == 0) {
        given->at = NULL;
        given->size = 0;
    } else if (strcmp(word, "short") == 0) {
        given->size = SHORT;
    } else if (strcmp(word, "empty") == 0) {
        given->size = 0;
    } else if (strcmp(word, "long") == 0) {
        given->size = sizeof(struct sockaddr_storage) + 1;
    } else if (strcmp(word, "wide") == 0) {
        given->size = sizeof(struct sockaddr_storage);
    } else if (strcmp(word, "unix") == 0) {
        *(struct sockaddr_un *)given->room = (struct sockaddr_un){.sun_family = AF_UNIX, .sun_path = "/nowhere/at/all"};
        given->size = sizeof(struct sockaddr_un);
    } else {
        any->sa_family = STRANGE % 256;
    }
}

void prepare_place(const char *word, struct taken *taken) {
    memset(taken, 0, sizeof(*taken));
    taken->at = &taken->room;
    taken->size = sizeof(taken->room);
    taken->size_at = &taken->size;
    if (!word) {
        return;
    }
    if (strcmp(word, "fault") == 0) {
        taken->at = forbidden();
    } else if (strcmp(word, "nosize") == 0) {
        taken->size_at = (socklen_t *)forbidden();
    } else if (strcmp(word, "short") == 0) {
        taken->size = SHORT;
    } else if (strcmp(word, "empty") == 0) {
        taken->size = 0;
    } else if (strcmp(word, "negative") == 0) {
        taken->size = (socklen_t)-1;
    } else if (strcmp(word, "null") == 0) {
        taken->at = NULL;
        taken->size_at = NULL;
    }
}

void say_address(struct line *line, const struct taken *taken) {
    char text[64] = "";
    if (taken->size == 0) {
        say(line, " nobody");
    } else if (taken->room.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&taken->room;
        say(line, " %s:%d", inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)), ntohs(v4->sin_port));
    } else if (taken->room.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&taken->room;
        say(line, " [%s]:%d", inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)), ntohs(v6->sin6_port));
    } else {
        say(line, " family %d, %u bytes", taken->room.ss_family, taken->size);
    }
}

struct option {
    const char *name;
    int level;
    int number;
};

static const struct option OPTIONS[] = {
    {"error", SOL_SOCKET, SO_ERROR},
    {"type", SOL_SOCKET, SO_TYPE},
    {"domain", SOL_SOCKET, SO_DOMAIN},
    {"protocol", SOL_SOCKET, SO_PROTOCOL},
    {"listens", SOL_SOCKET, SO_ACCEPTCONN},
    {"reuseaddr", SOL_SOCKET, SO_REUSEADDR},
    {"reuseport", SOL_SOCKET, SO_REUSEPORT},
    {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
    {"broadcast", SOL_SOCKET, SO_BROADCAST},
    {"nodelay", IPPROTO_TCP, TCP_NODELAY},
    {"v6only", IPPROTO_IPV6, IPV6_V6ONLY},
    {"ttl", IPPROTO_IP, IP_TTL},
    {"tos", IPPROTO_IP, IP_TOS},
    {"hops", IPPROTO_IPV6, IPV6_UNICAST_HOPS},
    {"class", IPPROTO_IPV6, IPV6_TCLASS},
    {"priority", SOL_SOCKET, SO_PRIORITY},
    {"keepidle", IPPROTO_TCP, TCP_KEEPIDLE},
    {"linger", SOL_SOCKET, SO_LINGER},
    {"timeout", SOL_SOCKET, SO_RCVTIMEO},
    {"strange", SOL_SOCKET, STRANGE},
    {"level", STRANGE, SO_TYPE},
    {"user", IPPROTO_TCP, TCP_USER_TIMEOUT},
    {"info", IPPROTO_IP, IP_PKTINFO},
    {"info6", IPPROTO_IPV6, IPV6_RECVPKTINFO},
    {"recvttl", IPPROTO_IP, IP_RECVTTL},
    {"recvtos", IPPROTO_IP, IP_RECVTOS},
    {"origdst", IPPROTO_IP, IP_RECVORIGDSTADDR},
    {"recvhops", IPPROTO_IPV6, IPV6_RECVHOPLIMIT},
    {"recvclass", IPPROTO_IPV6, IPV6_RECVTCLASS},
    {"sendtimeout", SOL_SOCKET, SO_SNDTIMEO},
    {"credentials", SOL_SOCKET, SO_PEERCRED},
    {"state", IPPROTO_TCP, TCP_INFO},
    {"sndbuf", SOL_SOCKET, SO_SNDBUF},
    {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
    {"lowat", SOL_SOCKET, SO_RCVLOWAT},
    {"inline", SOL_SOCKET, SO_OOBINLINE},
    {"maxseg", IPPROTO_TCP, TCP_MAXSEG},
    {"recverr", IPPROTO_IP, IP_RECVERR},
    {"freebind", IPPROTO_IP, IP_FREEBIND},
    {"peekoff", SOL_SOCKET, SO_PEEK_OFF},
};

static const struct option *find_option(const char *name) {
    for (size_t i = 0; i < sizeof(OPTIONS) / sizeof(*OPTIONS); i++) {
        if (strcmp(OPTIONS[i].name, name) == 0) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

static void set_option(struct line *line, int fd, const struct option *option) {
    int value = atoi(line->word[3]);
    struct linger linger = {.l_onoff = value};
    struct timeval short_time = {.tv_usec = value * SHORT_US};
    const char *place = line->words > 4 ? line->word[4] : "";
    socklen_t size = strcmp(place, "short") == 0      ? 2
                     : strcmp(place, "empty") == 0    ? 0
                     : strcmp(place, "negative") == 0 ? (socklen_t)-1
                                                      : sizeof(value);
    if (option->number == SO_LINGER && option->level == SOL_SOCKET && line->words == 4) {
        ended(line, setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)));
        return;
    }
    if (option->number == SO_SNDTIMEO && option->level == SOL_SOCKET && line->words == 4) {
        ended(line, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &short_time, sizeof(short_time)));
        return;
    }
    ended(line, setsockopt(fd, option->level, option->number, bytes_of(place, (char *)&value), size));
}

void do_option(struct line *line, int *fd) {
    struct taken taken;
    int value = -1;
    const struct option *option = find_option(line->word[2]);
    if (!option) {
        say(line, "no such option");
        return;
    }
    if (line->word[0][0] == 's') {
        set_option(line, *fd, option);
        return;
    }
    prepare_place(line->words > 3 ? line->word[3] : NULL, &taken);
    memcpy(&taken.room, &value, sizeof(value));
    if (ended(line, getsockopt(*fd, option->level, option->number, taken.at, taken.size_at)) == 0) {
        memcpy(&value, &taken.room, sizeof(value));
        say(line, " value %d of %u", value, taken.size);
    }
}
