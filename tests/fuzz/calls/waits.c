/* Waits for descriptors: poll, select, and epoll sets with all kinds of registrations. */
#include "interpreter.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

/** Words of a registration, which has as many of them as its last word names. */
static const struct flag {
    const char *name;
    unsigned events;
} FLAGS[] = {
    {"edge", EPOLLET},
    {"once", EPOLLONESHOT},
    {"exclusive", EPOLLEXCLUSIVE},
    {"in", EPOLLIN},
    {"out", EPOLLOUT},
    {"hangup", EPOLLRDHUP},
    {"all", EPOLLIN | EPOLLOUT | EPOLLRDHUP},
};

/** Reads words that are joined by commas: "in,edge". NULL: all events. */
static unsigned read_events(const char *words) {
    unsigned events = 0;
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(*FLAGS); i++) {
        size_t size = strlen(FLAGS[i].name);
        for (const char *at = words ? words : "all"; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
            events |= strncmp(at, FLAGS[i].name, size) == 0 && (!at[size] || at[size] == ',') ? FLAGS[i].events : 0;
        }
    }
    return events;
}

void do_epoll(struct line *line, int *fd) {
    const char *name = line->word[0];
    if (strcmp(name, "epoll") == 0) {
        *fd = epoll_create1(0);
        made(line, *fd);
        return;
    }
    int slot = slot_of(line->word[2]);
    int operation = name[0] == 'a' ? EPOLL_CTL_ADD : name[0] == 'm' ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    struct epoll_event event = {.events = read_events(line->words > 3 ? line->word[3] : NULL)};
    event.data.u32 = (unsigned)slot;
    ended(line, epoll_ctl(*fd, operation, slots[slot], &event));
}

void do_wait(struct line *line, int *fd) {
    struct epoll_event events[SLOTS];
    sigset_t none;
    const char *how = line->words > 2 ? line->word[2] : "";
    struct timespec patience = {.tv_nsec = PATIENCE_MS * 1000000L};
    sigemptyset(&none);
    int count = strcmp(how, "masked") == 0 ? epoll_pwait(*fd, events, SLOTS, PATIENCE_MS, &none)
                : strcmp(how, "precise") == 0 /* musl has no epoll_pwait2. */
                    ? (int)syscall(SYS_epoll_pwait2, *fd, events, SLOTS, &patience, NULL, 0)
                    : epoll_wait(*fd, events, SLOTS, PATIENCE_MS);
    ended(line, count);
    for (int slot = 0; slot < SLOTS; slot++) {
        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 == (unsigned)slot) {
                say(line, " %c %#x", 'a' + slot, events[i].events);
            }
        }
    }
}

/** Says which of the three sets have a descriptor. select has no result for a number that is no descriptor. */
static void do_select(struct line *line, int fd) {
    fd_set sets[3];
    struct timeval patience = {.tv_usec = 0};
    if (fd < 0) {
        say(line, "none");
        return;
    }
    for (int i = 0; i < 3; i++) {
        FD_ZERO(&sets[i]);
        FD_SET(fd, &sets[i]);
    }
    if (ended(line, select(fd + 1, &sets[0], &sets[1], &sets[2], &patience)) > 0) {
        say(line, "%s%s%s", FD_ISSET(fd, &sets[0]) ? " r" : "", FD_ISSET(fd, &sets[1]) ? " w" : "",
            FD_ISSET(fd, &sets[2]) ? " x" : "");
    }
}

void do_poll(struct line *line, int *fd) {
    struct pollfd asked[WORDS];
    nfds_t count = 0;
    sigset_t none;
    struct timespec at_once = {.tv_nsec = 0};
    struct pollfd silent = {.fd = *fd, .events = POLLIN};
    sigemptyset(&none);
    for (; (int)count + 1 < line->words; count++) {
        asked[count] = (struct pollfd){.fd = slots[slot_of(line->word[count + 1])],
                                       .events = POLLIN | POLLOUT | POLLRDHUP | POLLPRI};
    }
    poll(&silent, 1, PATIENCE_MS);
    if (strcmp(line->word[0], "select") == 0) {
        do_select(line, *fd);
        return;
    }
    int is_masked = strcmp(line->word[0], "ppoll") == 0;
    if (ended(line, is_masked ? ppoll(asked, count, &at_once, &none) : poll(asked, count, 0)) >= 0) {
        for (nfds_t i = 0; i < count; i++) {
            say(line, " %#x", (unsigned)asked[i].revents);
        }
    }
}
