/* A connection whose one end sends urgent data, and the results at the other end. */
#ifndef URGENT_H
#define URGENT_H

#include "probe.h"

#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>

static int sender, receiver;
static const char *story;

static inline void begin(const char *name, bool inlined) {
    static char text[120];
    snprintf(text, sizeof text, "%s%s", name, inlined ? ", inline" : "");
    story = text;
    int listener = listening("127.0.0.1", 0);
    sender = connected("127.0.0.1", own_port(listener));
    receiver = CHECK(accept(listener, NULL, NULL));
    close(listener);
    if (inlined)
        CHECK(set_option(receiver, SOL_SOCKET, SO_OOBINLINE, 1));
}

static inline void end(void) {
    close(sender);
    close(receiver);
}

static inline void tell(const char *what, const char *value) {
    char name[200];
    snprintf(name, sizeof name, "%s, %s", story, what);
    fact(name, "%s", value);
}

static inline void tell_number(const char *what, long value) {
    char text[32];
    snprintf(text, sizeof text, "%#lx", value);
    tell(what, text);
}

/* Waits until the data arrive: a byte after them would be in the way, so the sender's queue tells. */
static inline void put(const char *text, int flags) {
    struct timespec moment = {0, 1000000};
    int left = 1;
    CHECK(send(sender, text, strlen(text), flags));
    for (int i = 0; i < 5000 && left > 0; i++) {
        CHECK(ioctl(sender, TIOCOUTQ, &left));
        if (left > 0)
            nanosleep(&moment, NULL);
    }
}

static inline void get(size_t size, int flags) {
    char bytes[64] = "", text[96];
    long got = recv(receiver, bytes, size, flags | MSG_DONTWAIT);
    snprintf(text, sizeof text, "%s", got < 0 ? errno_name(errno) : got == 0 ? "the end" : bytes);
    tell(flags & MSG_OOB ? "the urgent byte" : flags & MSG_PEEK ? "seen" : "read", text);
}

static inline int event_of(int set, int ms) {
    struct epoll_event event = {0};
    int count = CHECK(epoll_wait(set, &event, 1, ms));
    if (count > 0 && event.data.u64 != 0x1234567887654321)
        die("another's event");
    return count == 0 ? 0 : (int)event.events;
}

static inline int new_set(unsigned events) {
    int set = CHECK(epoll_create1(EPOLL_CLOEXEC));
    struct epoll_event event = {.events = events, .data.u64 = 0x1234567887654321};
    CHECK(epoll_ctl(set, EPOLL_CTL_ADD, receiver, &event));
    return set;
}

#endif
