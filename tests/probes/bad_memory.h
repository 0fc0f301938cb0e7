/*
 * Memory that is unmapped, or cannot be read or written; sockets of all kinds; and the result of a call with such
 * memory, each in a process of its own. The kernel returns EFAULT, or does not access the memory.
 */
#ifndef BAD_MEMORY_H
#define BAD_MEMORY_H

#include "probe.h"

#include <sys/mman.h>

#define PAGE 4096

/* Each process has its own. */
static int server, client, peer, fresh, listener_with_client, waiting;
static int receiver, asker, named, joined, fresh_datagram, informed;
static address at_server, at_receiver;

static inline void set_up(void) {
    server = listening("127.0.0.1", 0);
    at_server = name_of(server);
    client = connected("127.0.0.1", own_port(server));
    peer = CHECK(accept(server, NULL, NULL));
    CHECK(send(client, "stream", 6, 0));
    listener_with_client = listening("127.0.0.1", 0);
    waiting = connected("127.0.0.1", own_port(listener_with_client));
    fresh = CHECK(socket(AF_INET, SOCK_STREAM, 0));
    receiver = bound("127.0.0.1", 0, SOCK_DGRAM);
    informed = bound("127.0.0.1", 0, SOCK_DGRAM);
    CHECK(set_option(informed, IPPROTO_IP, IP_PKTINFO, 1));
    CHECK(set_option(informed, IPPROTO_IP, IP_RECVTTL, 1));
    at_receiver = name_of(receiver);
    asker = bound("127.0.0.1", 0, SOCK_DGRAM);
    named = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(sendto(named, "datagram", 8, 0, &at_receiver.any, at_receiver.length));
    address to = name_of(informed);
    CHECK(sendto(named, "datagram", 8, 0, &to.any, to.length));
    joined = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK(connect(joined, &at_receiver.any, at_receiver.length));
    fresh_datagram = CHECK(socket(AF_INET, SOCK_DGRAM, 0));
    const int expecting[] = {peer, listener_with_client, receiver, informed};
    for (size_t i = 0; i < sizeof expecting / sizeof *expecting; i++)
        if (ready(expecting[i], POLLIN, 5000) == 0)
            die("what was sent has not arrived");
}

/* Fill the memory behind the pointer where it can be read. */
static inline void give_nothing(void *at) {
    memset(at, 0, 1);
}
static inline void give_server(void *at) {
    memcpy(at, &at_server.v4, sizeof at_server.v4);
}
static inline void give_receiver(void *at) {
    memcpy(at, &at_receiver.v4, sizeof at_receiver.v4);
}
static inline void give_free(void *at) {
    address any = ip("127.0.0.1", 0);
    memcpy(at, &any.v4, sizeof any.v4);
}
static inline void give_16(void *at) {
    memcpy(at, &(socklen_t){16}, 4);
}
static inline void give_4(void *at) {
    memcpy(at, &(socklen_t){4}, 4);
}
static inline void give_1(void *at) {
    memcpy(at, &(int){1}, 4);
}
static inline void give_linger(void *at) {
    memcpy(at, &(struct linger){1, 5}, sizeof(struct linger));
}
static inline void give_time(void *at) {
    memcpy(at, &(struct timeval){1, 0}, sizeof(struct timeval));
}
static inline void give_name(void *at) {
    memcpy(at, "cubic", 5);
}
static inline void give_no_wait(void *at) {
    memset(at, 0, sizeof(struct timespec));
}

#define CALL(name, body)                                                                                               \
    static long name(void *p) {                                                                                        \
        return (body);                                                                                                 \
    }

struct slot {
    const char *name;
    size_t size;
    void (*give)(void *at);
    long (*call)(void *p);
};

enum kind { AT_ZERO, AT_ONE, AT_LAST, AT_KERNEL, NO_ACCESS, READ_ONLY, AT_END, CUT, KINDS };
static const char *const kind_names[KINDS] = {"NULL",      "1",         "-1",         "kernel's",
                                              "no access", "read-only", "at the end", "cut"};

/* Memory of a kind, with what is given in it as far as it can be. The page behind it cannot be accessed. */
static inline void *memory(enum kind kind, const struct slot *slot) {
    unsigned char given[256] = {0};
    char *pages = mmap(NULL, (size_t)2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
        die("mmap");
    slot->give(given);
    memset(pages, 0xee, PAGE);
    CHECK(mprotect(pages + PAGE, PAGE, PROT_NONE));
    char *at = pages + PAGE - slot->size;
    switch (kind) {
    case AT_ZERO:
        return NULL;
    case AT_ONE:
        return (void *)1;
    case AT_LAST: /* MAP_FAILED */
        return (void *)-1;
    case AT_KERNEL:
        return (void *)0xffff880000000000;
    case NO_ACCESS:
        CHECK(mprotect(pages, PAGE, PROT_NONE));
        return pages;
    case READ_ONLY:
        memcpy(at, given, slot->size);
        CHECK(mprotect(pages, PAGE, PROT_READ));
        return at;
    case AT_END:
        memcpy(at, given, slot->size);
        return at;
    default:
        at += slot->size / 2;
        memcpy(at, given, slot->size - slot->size / 2);
        return at;
    }
}

static inline int count_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 100; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Prints the call's result, how many descriptors it made, and which data are left to receive. */
static inline void tell(const struct slot *slot, enum kind kind) {
    char name[120];
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC));
    snprintf(name, sizeof name, "%s, %s", slot->name, kind_names[kind]);
    pid_t pid = CHECK(fork());
    if (pid == 0) {
        alarm(PROBE_SECONDS);
        set_up();
        void *volatile at = memory(kind, slot);
        int before = count_descriptors();
        errno = 0;
        long result = slot->call(at);
        int number = errno;
        int left = (ready(listener_with_client, POLLIN, 0) != 0) + 2 * (ready(receiver, POLLIN, 0) != 0) +
                   4 * (ready(informed, POLLIN, 0) != 0) + 8 * (ready(peer, POLLIN, 0) != 0);
        char text[80];
        int length = snprintf(text, sizeof text, "%s, %d more, left %d", result < 0 ? errno_name(number) : "ok",
                              count_descriptors() - before, left);
        CHECK(write(ends[1], text, (size_t)length));
        exit(0);
    }
    close(ends[1]);
    char text[80];
    ssize_t got = CHECK(read(ends[0], text, sizeof text - 1));
    text[got] = '\0';
    close(ends[0]);
    int status = ended(pid);
    if (status == 0)
        fact(name, "%s", text);
    else
        fact(name, "ended by %d", status);
}

#define TELL_ALL(slots)                                                                                                \
    do {                                                                                                               \
        for (size_t i = 0; i < sizeof(slots) / sizeof *(slots); i++)                                                   \
            for (int kind = 0; kind < KINDS; kind++)                                                                   \
                tell(&(slots)[i], (enum kind)kind);                                                                    \
    } while (0)

#endif
