/*
 * Registrations in epoll sets. A registration belongs to the socket behind a descriptor: when another socket takes its
 * place, the kernel drops it, so it is taken out before and made again after.
 */
#include "epoll.h"

#include "rt/lines.h"
#include "rt/sys.h"

#define SETS_NOTED 64

/* <linux/eventpoll.h> cannot be had together with <fcntl.h>. */
enum { EPOLL_CTL_ADD = 1, EPOLL_CTL_DEL = 2 };
#define EPOLLONESHOT (1u << 30)

/* Every set that a socket of ours was ever added to, so that a second registration is found again. 0: free. */
static int32_t sets[SETS_NOTED];

static void note_set(int set) {
    for (int i = 0; i < SETS_NOTED; i++) {
        int32_t expected = 0;
        if (__atomic_load_n(&sets[i], __ATOMIC_RELAXED) == set + 1)
            return;
        if (__atomic_compare_exchange_n(&sets[i], &expected, set + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED) ||
            expected == set + 1)
            return;
    }
}

void unsock_epoll_note(int set, int operation, struct unsock_fd *entry, const struct unsock_epoll_event *event) {
    bool here = entry->epoll == set + 1;
    if (operation == EPOLL_CTL_DEL) {
        if (here && !(entry->flags & UNSOCK_EPOLL_MANY))
            entry->epoll = 0;
        return;
    }
    note_set(set);
    if (entry->epoll != 0 && !here)
        entry->flags |= UNSOCK_EPOLL_MANY;
    entry->epoll = set + 1;
    if (entry->kind == UNSOCK_KIND_IP && event) {
        entry->watch.events = event->events;
        entry->watch.data = event->data;
    }
}

/* "tfd: 5 events: 19 data: 7f00… pos:0 ino:1234 sdev:8" (fs/eventpoll.c, ep_show_fdinfo). */
static bool read_registration(struct unsock_span line, int fd, struct unsock_epoll_event *event) {
    static const char *const labels[] = {"tfd:", "events:", "data:"};
    uint64_t values[3];
    for (int i = 0; i < 3; i++) {
        if (!unsock_span_is(unsock_lines_word(&line), labels[i]) ||
            !unsock_span_number(unsock_lines_word(&line), i == 0 ? 10 : 16, UINT64_MAX, &values[i]))
            return false;
    }
    *event = (struct unsock_epoll_event){(uint32_t)values[1], values[2]};
    return values[0] == (uint64_t)fd;
}

/* Asks the kernel for the registration as it is now: a one-shot that has fired is disarmed, for example. */
static bool ask_kernel(int set, int fd, struct unsock_epoll_event *event) {
    struct unsock_lines lines;
    struct unsock_span line;
    struct unsock_text path;
    char name[64];
    bool found = false;
    unsock_text_start(&path, name, sizeof(name));
    unsock_text_put(&path, "/proc/self/fdinfo/");
    unsock_text_number(&path, (uint64_t)set, 10, 1);
    unsock_lines_open(&lines, name);
    while (!found && unsock_lines_next(&lines, &line))
        found = read_registration(line, fd, event);
    unsock_lines_close(&lines);
    return found;
}

static void take_from(int set, int fd, const struct unsock_fd *entry, struct unsock_epoll_carry *carry) {
    struct unsock_epoll_event event = {0};
    bool simple = entry->kind == UNSOCK_KIND_IP && !(entry->flags & UNSOCK_EPOLL_MANY) &&
                  !(entry->watch.events & EPOLLONESHOT);
    if (entry->kind == UNSOCK_KIND_IP)
        event = (struct unsock_epoll_event){entry->watch.events, entry->watch.data};
    if (carry->count == UNSOCK_EPOLL_CARRIED)
        return;
    if (!simple && !ask_kernel(set, fd, &event) && entry->kind != UNSOCK_KIND_IP)
        return;
    if (unsock_sys(__NR_epoll_ctl, set, EPOLL_CTL_DEL, fd, &event) < 0)
        return;
    carry->items[carry->count].set = set;
    carry->items[carry->count++].event = event;
}

void unsock_epoll_take(int fd, const struct unsock_fd *entry, struct unsock_epoll_carry *carry) {
    carry->count = 0;
    if (entry->epoll == 0)
        return;
    if (!(entry->flags & UNSOCK_EPOLL_MANY)) {
        take_from(entry->epoll - 1, fd, entry, carry);
        return;
    }
    for (int i = 0; i < SETS_NOTED; i++) {
        int set = __atomic_load_n(&sets[i], __ATOMIC_RELAXED) - 1;
        if (set >= 0)
            take_from(set, fd, entry, carry);
    }
}

void unsock_epoll_give(int fd, struct unsock_fd *entry, const struct unsock_epoll_carry *carry) {
    for (unsigned i = 0; i < carry->count; i++) {
        struct unsock_epoll_event event = carry->items[i].event;
        if (entry->kind == UNSOCK_KIND_IP) {
            entry->watch.events = event.events;
            entry->watch.data = event.data;
        }
        unsock_sys(__NR_epoll_ctl, carry->items[i].set, EPOLL_CTL_ADD, fd, &event);
    }
}
