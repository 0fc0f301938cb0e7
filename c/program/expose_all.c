/*
 * The directory is read as a whole when something has changed, but not more often than every 20 ms. What is followed is
 * a port of unsock's and a control file. A plain socket is not: it may be that of an `expose --in`, which leads back.
 */
#include "program/expose.h"

#include "files/control_file.h"
#include "files/directory.h"

#include <sys/inotify.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)
#define PORTS 65536
#define PAUSE_MS 20
#define LINE_MOST 512
#define TOLD (-1)

struct followed {
    int16_t number; /* of the port that is open, and one; 0: none; TOLD: none can be had, and that has been said */
    bool seen;
};

static struct all {
    long changes; /* the descriptor of inotify */
    bool stale;
    int64_t last;
    struct followed (*ports)[PORTS]; /* TCP's, and UDP's */
} all;

long unsock_expose_all_start(void) {
    all = (struct all){.stale = true, .last = INT64_MIN / 2};
    all.ports = unsock_map(2 * sizeof(*all.ports));
    all.changes = all.ports ? unsock_inotify_init1(O_NONBLOCK | O_CLOEXEC) : -ENOMEM;
    if (all.changes < 0)
        return all.changes;
    unsock_expose_watch(EPOLL_CTL_ADD, all.changes, EPOLLIN, UNSOCK_EXPOSE_CHANGES, 0);
    return UNSOCK_MIN(unsock_inotify_add_watch(all.changes, unsock_expose.directory.path, CHANGES), 0);
}

static struct followed *followed_of(struct unsock_port_key key) {
    return &all.ports[key.type == SOCK_DGRAM][key.number];
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
    return key.type == SOCK_STREAM || followed_of(key)->number != 0 || unsock_file_is_link(path.sun_path) ||
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

static bool is_named(struct unsock_port_key key) {
    const struct unsock_expose_options *options = &unsock_expose.options;
    for (unsigned i = 0; i < options->count; i++) {
        if (options->ports[i].port == key.number && options->ports[i].type == key.type)
            return true;
    }
    return false;
}

/* Is somebody there whom it leads to? */
static bool is_live(const struct unsock_directory_list_one *one) {
    struct sockaddr_un path;
    unsock_address_path(one->key.number, one->key.type, &path);
    if (one->what == UNSOCK_DIRECTORY_LIST_PORT)
        return !unsock_port_entry_asks(&one->entry) && unsock_prune(path.sun_path, 0) != 1;
    return one->what == UNSOCK_DIRECTORY_LIST_PLAIN && unsock_control_file_read(path.sun_path, NULL) == 0;
}

static void follow_port(struct unsock_port_key key) {
    char line[LINE_MOST];
    struct unsock_text text = unsock_text_in(line, sizeof(line));
    struct followed *followed = followed_of(key);
    unsock_text_put(&text, "unsock: ");
    long number = unsock_expose_open(&(struct unsock_expose_port){key.number, key.number, key.type}, &text);
    unsock_text_put(&text, "\n");
    if (number < 0 && followed->number != TOLD)
        unsock_write(2, line, text.length);
    followed->number = (int16_t)(number < 0 ? TOLD : number + 1);
}

static void leave_exposed_port(struct unsock_port_key key) {
    struct followed *followed = followed_of(key);
    unsigned number = (unsigned)followed->number - 1;
    if (followed->number > 0) {
        unsock_expose_close(number);
        unsock_expose_tell(unsock_expose_port_at(number), "leads no more to");
    }
    followed->number = 0;
}

static void leave_all(uint8_t type) {
    for (unsigned number = 1; number < PORTS; number++) {
        struct unsock_port_key key = {(uint16_t)number, type};
        if (!followed_of(key)->seen)
            leave_exposed_port(key);
    }
}

static void follow_all(uint8_t type) {
    for (unsigned number = 1; number < PORTS; number++) {
        struct unsock_port_key key = {(uint16_t)number, type};
        struct followed *followed = followed_of(key);
        if (followed->seen && followed->number <= 0)
            follow_port(key);
        followed->seen = false;
    }
}

static void look_for_ports(void) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    if (unsock_directory_list_open(&names, unsock_expose.directory.path, 0) < 0)
        return;
    while (unsock_directory_list_next(&names, &one)) {
        if (one.what > UNSOCK_DIRECTORY_LIST_PORT)
            continue;
        struct followed *followed = followed_of(one.key);
        if (!followed->seen && is_live(&one) && !is_named(one.key))
            followed->seen = true;
    }
    bool whole = names.entries.fd >= 0;
    unsock_directory_list_close(&names);
    /* First those that go: another may have the place. */
    for (uint8_t type = SOCK_STREAM; whole && type <= SOCK_DGRAM; type++)
        leave_all(type);
    for (uint8_t type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
        follow_all(type);
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
