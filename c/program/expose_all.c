/*
 * The directory is read as a whole when something has changed, but not more often than every 20 ms. Ports of unsock's
 * and control files are followed. A plain socket is not: it may be that of an `expose --in`, which leads back.
 */
#include "program/expose.h"

#include "files/control_file.h"
#include "files/directory.h"

#include <sys/inotify.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)
#define PORTS 65536
#define PAUSE_MS 20
#define LINE_MOST 512

static struct all {
    long changes; /* the descriptor of inotify */
    bool stale;
    int64_t last;
    struct unsock_port_key *live; /* that somebody has now */
    bool (*told)[PORTS];          /* of TCP's ports, and UDP's: none can be had, and that has been said */
} all;

long unsock_expose_all_start(void) {
    all = (struct all){.stale = true, .last = INT64_MIN / 2};
    all.live = unsock_map(2 * PORTS * sizeof(*all.live));
    all.told = unsock_map(2 * sizeof(*all.told));
    all.changes = all.live && all.told ? unsock_inotify_init1(O_NONBLOCK | O_CLOEXEC) : -ENOMEM;
    if (all.changes < 0)
        return all.changes;
    unsock_expose_watch(EPOLL_CTL_ADD, all.changes, EPOLLIN, UNSOCK_EXPOSE_CHANGES, 0);
    return UNSOCK_MIN(unsock_inotify_add_watch(all.changes, unsock_expose.directory.path, CHANGES), 0);
}

static bool *told_of(struct unsock_port_key key) {
    return &all.told[key.type == SOCK_DGRAM][key.number];
}

static bool is_open(struct unsock_port_key key) {
    const struct unsock_expose_open *port;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++) {
        if (port->fd > 0 && port->port == key.number && port->type == key.type)
            return true;
    }
    return false;
}

static bool is_among_live(const struct unsock_expose_open *port, unsigned count) {
    while (count > 0 && (all.live[count - 1].number != port->port || all.live[count - 1].type != port->type))
        count--;
    return count > 0;
}

/* Clients of UDP come and go as sockets of such a name, and the lock does; where events were lost all is looked at. */
static bool is_about_port(const char *name, uint32_t room) {
    struct sockaddr_un path;
    struct unsock_port_key key;
    struct unsock_port_entry entry;
    uint32_t length = 0;
    while (length < room && name[length] != '\0')
        length++;
    if (length == 0)
        return true;
    if (unsock_file_name_read((struct unsock_span){name, length}, &key, &entry) != UNSOCK_FILE_PORT)
        return false;
    unsock_address_path(key.number, key.type, &path);
    return key.type == SOCK_STREAM || is_open(key) || *told_of(key) || unsock_file_is_link(path.sun_path) ||
           unsock_control_file_read(path.sun_path, NULL) == 0;
}

bool unsock_expose_all_event(void) {
    _Alignas(8) char events[4096];
    bool is_there = true;
    for (;;) {
        long size = unsock_read(all.changes, events, sizeof(events));
        if (size <= 0)
            return is_there;
        for (long at = 0; at + (long)sizeof(struct inotify_event) <= size;) {
            struct inotify_event event;
            memcpy(&event, events + at, sizeof(event));
            at += (long)sizeof(event);
            all.stale |= is_about_port(events + at, event.len);
            is_there &= !(event.mask & (IN_DELETE_SELF | IN_IGNORED));
            at += event.len;
        }
    }
}

void unsock_expose_all_look(void) {
    all.stale = all.changes > 0;
}

/* True if the name leads to a live socket, or is a control file. */
static bool is_live(const struct unsock_directory_list_one *one) {
    struct sockaddr_un path;
    unsock_address_path(one->key.number, one->key.type, &path);
    if (one->what == UNSOCK_DIRECTORY_LIST_PORT)
        return !unsock_port_entry_asks(&one->entry) && unsock_prune(path.sun_path, 0) != 1;
    return one->what == UNSOCK_DIRECTORY_LIST_PLAIN && unsock_control_file_read(path.sun_path, NULL) == 0;
}

static void follow_port(struct unsock_port_key key) {
    UNSOCK_TEXT(line, LINE_MOST);
    unsock_text_put(&line, "unsock: ");
    long number = unsock_expose_open(&(struct unsock_expose_port){key.number, key.number, key.type}, &line);
    unsock_text_put(&line, "\n");
    if (number < 0 && !*told_of(key))
        unsock_write(2, line.buffer, line.length);
    *told_of(key) = number < 0;
}

static void look_for_ports(void) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    const struct unsock_expose_open *port;
    unsigned count = 0;
    if (unsock_directory_list_open(&names, unsock_expose.directory.path, 0) < 0)
        return;
    while (count < 2 * PORTS && unsock_directory_list_next(&names, &one)) {
        if (one.what <= UNSOCK_DIRECTORY_LIST_PORT && is_live(&one))
            all.live[count++] = one.key;
    }
    bool whole = names.entries.fd >= 0;
    unsock_directory_list_close(&names);
    /* First those that go: another may have the place. */
    for (unsigned i = 0; whole && (port = unsock_expose_port_at(i)); i++) {
        if (port->fd <= 0 || port->stays || is_among_live(port, count))
            continue;
        unsock_expose_close(i);
        unsock_expose_tell(port, "leads no more to");
    }
    for (unsigned i = 0; i < count; i++) {
        if (!is_open(all.live[i]))
            follow_port(all.live[i]);
    }
}

int64_t unsock_expose_all_go_on(void) {
    if (!all.stale)
        return -1;
    int64_t left = all.last + PAUSE_MS - unsock_clock_ms();
    if (left > 0)
        return left;
    all.stale = false;
    look_for_ports();
    all.last = unsock_clock_ms();
    return -1;
}
