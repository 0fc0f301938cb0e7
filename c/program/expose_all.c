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
#define PATH_MOST 128
#define PAUSE_MS 20
#define TOLD (-1)

struct followed {
    int16_t number; /* of the port that is open, and one; 0: none; TOLD: none can be had, and that has been said */
    bool seen;
};

static struct all {
    const struct unsock_expose_options *options;
    const char *directory;
    long changes; /* the descriptor of inotify */
    bool stale;
    int64_t last;
    struct followed (*ports)[PORTS]; /* TCP's, and UDP's */
} all;

long unsock_expose_all_start(long set, const char *directory, const struct unsock_expose_options *options) {
    all = (struct all){.options = options, .directory = directory, .stale = true, .last = INT64_MIN / 2};
    all.ports = unsock_map(2 * sizeof(*all.ports));
    all.changes = all.ports ? unsock_inotify_init1(O_NONBLOCK | O_CLOEXEC) : -ENOMEM;
    if (all.changes < 0)
        return all.changes;
    long result = unsock_inotify_add_watch(all.changes, directory, CHANGES);
    if (result < 0)
        return result;
    unsock_expose_watch(set, EPOLL_CTL_ADD, all.changes, EPOLLIN, UNSOCK_EXPOSE_CHANGES, 0);
    return 0;
}

static struct followed *followed_of(struct unsock_port_key key) {
    return &all.ports[key.type == SOCK_DGRAM][key.number];
}

static void put_path(char *path, struct unsock_port_key key) {
    struct unsock_text text = unsock_text_in(path, PATH_MOST);
    unsock_expose_path(&text, all.directory, key.number, key.type);
}

/* Clients of UDP come and go as sockets of such a name, and the lock does; where events were lost all is looked at. */
static bool is_about_port(const char *name, uint32_t room) {
    char path[PATH_MOST];
    struct unsock_port_key key;
    struct unsock_port_entry entry;
    uint32_t length = 0;
    while (length < room && name[length] != '\0')
        length++;
    if (length == 0)
        return true;
    if (unsock_file_name_read((struct unsock_span){name, length}, &key, &entry) != UNSOCK_FILE_PORT)
        return false;
    put_path(path, key);
    return key.type == SOCK_STREAM || followed_of(key)->number != 0 || unsock_file_is_link(path) ||
           unsock_control_file_read(path, NULL) == 0;
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
    for (unsigned i = 0; i < all.options->count; i++) {
        if (all.options->ports[i].port == key.number && all.options->ports[i].type == key.type)
            return true;
    }
    return false;
}

/* Is somebody there whom it leads to? */
static bool is_live(const struct unsock_directory_list_one *one) {
    char path[PATH_MOST];
    put_path(path, one->key);
    if (one->what == UNSOCK_DIRECTORY_LIST_PORT)
        return !unsock_port_entry_asks(&one->entry) && unsock_prune(path, 0) != 1;
    return one->what == UNSOCK_DIRECTORY_LIST_PLAIN && unsock_control_file_read(path, NULL) == 0;
}

static void complain(const struct unsock_ip *address, long result) {
    char line[UNSOCK_EXPOSE_LINE_MOST];
    struct unsock_text text = unsock_text_in(line, sizeof(line));
    unsock_text_put(&text, "unsock: ");
    unsock_expose_why_not(&text, address, NULL, result);
    unsock_text_put(&text, "\n");
    unsock_write(2, line, text.length);
}

static void follow(struct unsock_port_key key) {
    char path[PATH_MOST];
    struct followed *followed = followed_of(key);
    struct unsock_expose_port port = {.port = key.number, .real = key.number, .type = key.type};
    struct unsock_ip address;
    put_path(path, key);
    long number = key.type == SOCK_DGRAM ? unsock_expose_datagrams_open(path, &port, &address)
                                         : unsock_expose_streams_open(path, &port, &address);
    if (number < 0 && followed->number != TOLD)
        complain(&address, number);
    if (number >= 0)
        unsock_expose_tell(NULL, &address, key.type, "leads to", path);
    followed->number = (int16_t)(number < 0 ? TOLD : number + 1);
}

static void leave(struct unsock_port_key key) {
    char path[PATH_MOST];
    struct unsock_ip address = all.options->address;
    struct followed *followed = followed_of(key);
    unsigned number = (unsigned)followed->number - 1;
    address.port = key.number;
    if (followed->number > 0) {
        put_path(path, key);
        if (key.type == SOCK_DGRAM)
            unsock_expose_datagrams_close(number);
        else
            unsock_expose_streams_close(number);
        unsock_expose_tell(NULL, &address, key.type, "leads no more to", path);
    }
    followed->number = 0;
}

static void leave_all(uint8_t type) {
    for (unsigned number = 1; number < PORTS; number++) {
        struct unsock_port_key key = {(uint16_t)number, type};
        if (!followed_of(key)->seen)
            leave(key);
    }
}

static void follow_all(uint8_t type) {
    for (unsigned number = 1; number < PORTS; number++) {
        struct unsock_port_key key = {(uint16_t)number, type};
        struct followed *followed = followed_of(key);
        if (followed->seen && followed->number <= 0)
            follow(key);
        followed->seen = false;
    }
}

static void look(void) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    if (unsock_directory_list_open(&names, all.directory, 0) < 0)
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
    look();
    all.last = unsock_clock_ms();
    return -1;
}
