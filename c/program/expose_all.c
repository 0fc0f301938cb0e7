/*
 * The directory is read as a whole when something has changed, but not more often than every 20 ms. What is followed is
 * a port of unsock's and a control file. A plain socket is not: it may be that of an `expose --in`, which leads back.
 */
#include "program/expose_all.h"

#include "files/control_file.h"
#include "files/directory_list.h"
#include "program/expose_event.h"
#include "program/expose_streams.h"
#include "program/expose_words.h"
#include "rt/mem.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/file_name.h"
#include "unsock.h"

#include <sys/inotify.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)
#define PORTS 65536
#define PATH_MOST 128
#define PAUSE_MS 20
#define TOLD (-1)

struct followed {
    int16_t number; /* of the listener, and one; 0: none; TOLD: none can be had, and that has been said */
    bool seen;
};

static struct all {
    const struct unsock_expose_options *options;
    const char *directory;
    long changes; /* the descriptor of inotify */
    bool stale;
    int64_t last;
    struct followed *ports;
} all;

long unsock_expose_all_start(long set, const char *directory, const struct unsock_expose_options *options) {
    all = (struct all){.options = options, .directory = directory, .stale = true, .last = INT64_MIN / 2};
    all.ports = unsock_expose_map(PORTS * sizeof(*all.ports));
    all.changes = all.ports ? unsock_inotify_init1(O_NONBLOCK | O_CLOEXEC) : -ENOMEM;
    if (all.changes < 0)
        return all.changes;
    long result = unsock_inotify_add_watch(all.changes, directory, CHANGES);
    if (result < 0)
        return result;
    unsock_expose_watch(set, EPOLL_CTL_ADD, all.changes, EPOLLIN, UNSOCK_EXPOSE_CHANGES, 0);
    return 0;
}

/* Datagram clients come and go, too, and the lock; where events were lost all is looked at. */
static bool is_about_stream(const char *name, uint32_t room) {
    struct unsock_port_key key;
    struct unsock_port_entry entry;
    uint32_t length = 0;
    while (length < room && name[length] != '\0')
        length++;
    enum unsock_file_kind kind = unsock_file_name_read((struct unsock_span){name, length}, &key, &entry);
    return length == 0 || (kind == UNSOCK_FILE_PORT && key.type == SOCK_STREAM);
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
            all.stale |= is_about_stream(events + at, event.len);
            is_there &= !(event.mask & (IN_DELETE_SELF | IN_IGNORED));
            at += event.len;
        }
    }
}

void unsock_expose_all_look(void) {
    all.stale = all.changes > 0;
}

static void put_path(char *path, uint16_t port) {
    struct unsock_text text;
    unsock_text_start(&text, path, PATH_MOST);
    unsock_text_join(&text, all.directory, "/");
    unsock_text_number(&text, port, 10, 1);
    unsock_text_put(&text, ".sock");
}

static bool is_named(uint16_t port) {
    for (unsigned i = 0; i < all.options->count; i++) {
        if (all.options->ports[i].port == port && all.options->ports[i].type == SOCK_STREAM)
            return true;
    }
    return false;
}

/* Is somebody there whom it leads to? */
static bool is_live(const struct unsock_directory_list_one *one) {
    char path[PATH_MOST];
    if (one->key.type != SOCK_STREAM ||
        (one->what != UNSOCK_DIRECTORY_LIST_PORT && one->what != UNSOCK_DIRECTORY_LIST_PLAIN))
        return false;
    put_path(path, one->key.number);
    return one->what == UNSOCK_DIRECTORY_LIST_PORT ? unsock_prune(path, 0) != 1
                                                   : unsock_control_file_read(path, NULL) == 0;
}

static void complain(const struct unsock_ip *address, long result) {
    char line[UNSOCK_EXPOSE_LINE_MOST];
    struct unsock_text text;
    unsock_text_start(&text, line, sizeof(line));
    unsock_text_put(&text, "unsock: ");
    unsock_expose_why_not(&text, address, NULL, result);
    unsock_text_put(&text, "\n");
    unsock_write(2, line, text.length);
}

static void follow(uint16_t port) {
    char path[PATH_MOST];
    struct followed *followed = &all.ports[port];
    struct unsock_ip address;
    put_path(path, port);
    long number = unsock_expose_streams_open(path, &(struct unsock_expose_port){.port = port, .real = port}, &address);
    if (number < 0 && followed->number != TOLD)
        complain(&address, number);
    if (number >= 0)
        unsock_expose_tell(&address, SOCK_STREAM, "leads to", path);
    followed->number = (int16_t)(number < 0 ? TOLD : number + 1);
}

static void leave(uint16_t port) {
    char path[PATH_MOST];
    struct unsock_ip address = all.options->address;
    struct followed *followed = &all.ports[port];
    address.port = port;
    if (followed->number > 0) {
        put_path(path, port);
        unsock_expose_streams_close((unsigned)followed->number - 1);
        unsock_expose_tell(&address, SOCK_STREAM, "leads no more to", path);
    }
    followed->number = 0;
}

static void look(void) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    if (unsock_directory_list_open(&names, all.directory, 0) < 0)
        return;
    while (unsock_directory_list_next(&names, &one)) {
        if (!all.ports[one.key.number].seen && is_live(&one) && !is_named(one.key.number))
            all.ports[one.key.number].seen = true;
    }
    bool whole = names.entries.fd >= 0;
    unsock_directory_list_close(&names);
    /* First those that go: another may have the place. */
    for (unsigned port = 1; whole && port < PORTS; port++) {
        if (!all.ports[port].seen)
            leave((uint16_t)port);
    }
    for (unsigned port = 1; port < PORTS; port++) {
        if (all.ports[port].seen && all.ports[port].number <= 0)
            follow((uint16_t)port);
        all.ports[port].seen = false;
    }
}

int64_t unsock_expose_all_go_on(void) {
    if (!all.stale)
        return -1;
    int64_t left = all.last + PAUSE_MS - unsock_expose_now();
    if (left > 0)
        return left;
    all.stale = false;
    look();
    all.last = unsock_expose_now();
    return -1;
}
