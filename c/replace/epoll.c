/* Keeps registrations in epoll sets. The kernel drops a descriptor's registration when another socket replaces its
 * socket. So the library removes the registration before, and makes it again after. It also remembers registrations
 * (memory/epoll_memory.h), as the kernel's answer may be slow or missing. */
#include "replace/replace.h"

#include "memory/process.h"
#include "rt/user.h"

/* Bits of `events` that the kernel stores with a registration and never reports: */
#define ADDED 0x400u      /* the library has added EPOLLPRI */
#define ADDED_IN 0x800u   /* the library has added EPOLLIN */
#define HELD_OUT 0x1000u  /* the program asks for EPOLLOUT, which is held back */
#define HELD_NORM 0x4000u /* the program asks for EPOLLWRNORM, which is held back */

/* Returns the events to register until the socket's Firecracker multiplexer (calls/asking) answers: EPOLLIN but not
 * EPOLLOUT; marks keep the program's events. EPOLLEXCLUSIVE allows no marks: with it, returns `events` unchanged. */
static uint32_t held(uint32_t events) {
    if (events & EPOLLEXCLUSIVE)
        return events;
    uint32_t marks = (events & EPOLLOUT ? HELD_OUT : 0) | (events & EPOLLWRNORM ? HELD_NORM : 0);
    marks |= events & EPOLLIN ? 0 : ADDED_IN;
    return (events & ~(EPOLLOUT | EPOLLWRNORM)) | EPOLLIN | marks;
}

uint32_t unsock_epoll_asked(const struct unsock_fd *entry, uint32_t events) {
    if (entry && entry->state == UNSOCK_STATE_ASKING)
        return held(events);
    bool stream = entry && entry->kind == UNSOCK_KIND_LOCAL && entry->type == SOCK_STREAM;
    bool adds = stream && (events & (EPOLLIN | EPOLLRDNORM)) && !(events & (EPOLLPRI | EPOLLEXCLUSIVE));
    return adds ? events | EPOLLPRI | ADDED : events;
}

static void take_marks_back(struct unsock_epoll_event *event) {
    uint32_t marks = event->events & (ADDED_IN | HELD_OUT | HELD_NORM);
    event->events &= ~(marks | (marks & ADDED_IN ? EPOLLIN : 0));
    event->events |= (marks & HELD_OUT ? EPOLLOUT : 0) | (marks & HELD_NORM ? EPOLLWRNORM : 0);
    if (event->events & ADDED)
        event->events &= ~(EPOLLPRI | ADDED);
}

/* Remembers a one-shot registration that has fired, with the socket's inode number as data. It stays out of the set
 * until the program's next epoll_ctl: in the set, it could give the socket to a second thread. */
static bool remember_fired(int set, int fd) {
    struct unsock_epoll_event fired = {EPOLLONESHOT, unsock_socket_inode(fd)};
    return unsock_epoll_note(set, EPOLL_CTL_ADD, fd, &fired);
}

static bool is_remembered_fired(int set, int fd) {
    const struct unsock_watch *watch = unsock_watch_of(set, fd);
    return watch && unsock_epoll_is_fired(watch->events) && watch->data == unsock_socket_inode(fd);
}

static long control(int set, int operation, int fd, struct unsock_epoll_event *event) {
    struct unsock_epoll_event copy;
    const struct unsock_fd *entry = unsock_fds_known(fd);
    if (entry ? entry->kind != UNSOCK_KIND_OTHER : !unsock_asked_fd(fd))
        unsock_epoll_mark(set);
    if (operation == EPOLL_CTL_DEL || !entry || unsock_user_read(&copy, event, sizeof(copy)) < 0)
        return unsock_epoll_ctl(set, operation, fd, event);
    copy.events = unsock_epoll_asked(entry, copy.events);
    return unsock_epoll_ctl(set, operation, fd, &copy);
}

long unsock_epoll_control(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = control(set, operation, fd, event);
    if (result == -ENOENT && is_remembered_fired(set, fd)) {
        result = operation == EPOLL_CTL_MOD ? control(set, EPOLL_CTL_ADD, fd, event) : 0;
        /* Another thread, or the process that forked this one, has registered `fd` meanwhile. */
        if (result == -EEXIST)
            result = control(set, operation, fd, event);
    }
    if (result < 0)
        return result;
    struct unsock_epoll_event now = {0};
    if (operation != EPOLL_CTL_DEL)
        now = (struct unsock_epoll_event){event->events | EPOLLERR | EPOLLHUP, event->data};
    unsock_epoll_note(set, operation, fd, &now);
    return result;
}

/* Reads "tfd: 5 events: 19 data: 7f00… pos:0 ino:1234 sdev:8" (fs/eventpoll.c, ep_show_fdinfo). The inode number, if
 * the kernel writes it, excludes an earlier socket with this descriptor number that is still open and registered. */
static bool read_registration(struct unsock_span line, int fd, uint64_t inode, struct unsock_epoll_event *event) {
    static const char *const labels[] = {"tfd:", "events:", "data:"};
    uint64_t values[3], number = inode;
    for (int i = 0; i < 3; i++) {
        if (!unsock_span_is(unsock_lines_word(&line), labels[i]) ||
            !unsock_span_number(unsock_lines_word(&line), i == 0 ? 10 : 16, UINT64_MAX, &values[i]))
            return false;
    }
    unsock_lines_word(&line);
    struct unsock_span word = unsock_lines_word(&line);
    if (unsock_span_is(unsock_span_next(&word, ':'), "ino"))
        unsock_span_number(word, 16, UINT64_MAX, &number);
    if (values[0] != (uint64_t)fd || number != inode)
        return false;
    *event = (struct unsock_epoll_event){(uint32_t)values[1], values[2]};
    return true;
}

/* Reads the registration from the kernel, which disarms an EPOLLONESHOT one after its event. Stacks may be small: one
 * buffer holds the path, then the file's lines. */
UNSOCK_OWN_FRAME static bool read_kernel_registration(int set, int fd, uint64_t inode,
                                                      struct unsock_epoll_event *event) {
    struct unsock_lines lines;
    struct unsock_span line;
    bool found = false;
    struct unsock_text path = unsock_text_in(lines.buffer, sizeof(lines.buffer));
    unsock_text_put(&path, "/proc/self/fdinfo/");
    unsock_text_number(&path, (uint64_t)set, 10, 1);
    unsock_lines_open(&lines, lines.buffer);
    while (!found && unsock_lines_next(&lines, &line))
        found = read_registration(line, fd, inode, event);
    unsock_lines_close(&lines);
    return found;
}

/* Moves the registration in `set` to `carry`; drops it if its data (often a pointer) are unknown, or `carry` is full.
 * Returns 0, or -errno if nothing was removed. */
static long take_from(int set, int fd, struct unsock_epoll_carry *carry) {
    struct unsock_epoll_event event = {0};
    bool known = unsock_epoll_recall(set, fd, &event), quiet = (event.events & UNSOCK_WATCH_QUIET) != 0;
    bool certain = known && !unsock_epoll_is_anywhere(fd) && unsock_watch_of(set, fd);
    /* For a quiet registration the kernel has other events than the program asked for. */
    if (quiet)
        event.events = event.events & UNSOCK_WATCH_FIRED ? EPOLLONESHOT : event.events & ~UNSOCK_WATCH_MARKS;
    else if ((!certain || (event.events & EPOLLONESHOT)) &&
             read_kernel_registration(set, fd, unsock_socket_inode(fd), &event))
        known = true;
    take_marks_back(&event);
    long result = unsock_epoll_ctl(set, EPOLL_CTL_DEL, fd, &event);
    if (result == -ENOENT && is_remembered_fired(set, fd)) {
        event.events = EPOLLONESHOT;
        known = true;
        result = 0;
    }
    if (result == 0 && known && carry->count < UNSOCK_EPOLL_SETS)
        carry->registrations[carry->count++] = (struct unsock_epoll_registration){set, event};
    return result;
}

static void take_all(int fd, struct unsock_epoll_carry *carry) {
    bool anywhere = unsock_epoll_is_anywhere(fd);
    for (int set = -1; !anywhere && (set = unsock_epoll_next_set(set + 1)) >= 0;)
        if (unsock_watch_of(set, fd) && take_from(set, fd, carry) == 0)
            return;
    /* Tries all sets: the descriptor may be in several, and a set may be open under another number than before. */
    for (int set = -1; (set = unsock_epoll_next_set(set + 1)) >= 0;) {
        long result = take_from(set, fd, carry);
        if ((result == -EBADF || result == -EINVAL) && unsock_this_process_owns_descriptors())
            unsock_epoll_forget(set); /* no epoll set any more */
    }
}

void unsock_epoll_take(int fd, struct unsock_epoll_carry *carry) {
    carry->count = 0;
    if (!unsock_epoll_is_registered(fd))
        return;
    take_all(fd, carry);
    unsock_epoll_forget(fd);
}

void unsock_epoll_give(int fd, const struct unsock_fd *entry, const struct unsock_epoll_carry *carry) {
    for (unsigned i = 0; i < carry->count; i++) {
        const struct unsock_epoll_registration *one = &carry->registrations[i];
        struct unsock_epoll_event event = {unsock_epoll_asked(entry, one->event.events), one->event.data};
        if (unsock_epoll_is_fired(event.events) && remember_fired(one->set, fd))
            continue;
        unsock_epoll_mark(one->set);
        if (unsock_epoll_ctl(one->set, EPOLL_CTL_ADD, fd, &event) == 0)
            unsock_epoll_note(one->set, EPOLL_CTL_ADD, fd, &one->event);
    }
}

UNSOCK_OWN_FRAME void unsock_epoll_rearm(int fd, const struct unsock_fd *entry) {
    struct unsock_epoll_carry carry;
    unsock_epoll_take(fd, &carry);
    unsock_epoll_give(fd, entry, &carry);
}
