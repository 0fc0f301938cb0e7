/* `expose --all`: reads the directory after changes, at most every 20 ms, and opens or closes ports. Exposes ports and
 * control files, but no plain sockets (docs/names.md): `expose --in` makes one, and exposing it would form a loop. */
#include "program/expose.h"

#include "files/control_file.h"
#include "files/directory.h"

#include <sys/inotify.h>

#define CHANGES (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_ONLYDIR)
#define PORTS 65536
#define PAUSE_MS 20
#define LINE_MOST 512

static struct all {
    long changes; /* inotify's descriptor */
    bool stale;   /* the directory must be read again */
    int64_t last; /* when the directory was last read */
    struct bits {
        uint64_t live[2 * PORTS / 64]; /* the TCP ports with a server, and then the UDP ports */
        uint64_t told[2 * PORTS / 64]; /* the ports that could not be opened, with a message printed */
    } *bits;
} all;

long unsock_expose_all_start(void) {
    all = (struct all){.stale = true, .last = INT64_MIN / 2};
    all.bits = unsock_map(sizeof(*all.bits));
    all.changes = all.bits ? unsock_inotify_init1(O_NONBLOCK | O_CLOEXEC) : -ENOMEM;
    if (all.changes < 0)
        return all.changes;
    unsock_expose_watch(EPOLL_CTL_ADD, all.changes, EPOLLIN, UNSOCK_EXPOSE_CHANGES, 0);
    return UNSOCK_MIN(unsock_inotify_add_watch(all.changes, unsock_expose.directory.path, CHANGES), 0);
}

static unsigned bit_of(int type, uint16_t port) {
    return (type == SOCK_DGRAM ? PORTS : 0) + port;
}

static bool is_open(struct unsock_port_key key) {
    const struct unsock_expose_port *port;
    for (unsigned i = 0; (port = unsock_expose_port_at(i)); i++) {
        if (port->fd > 0 && port->port == key.number && port->type == key.type)
            return true;
    }
    return false;
}

/* True if the name may be of a port to expose. Most changed names are those of UDP clients or of the lock's file. */
static bool is_about_port(const char *name) {
    struct sockaddr_un path;
    struct unsock_port_entry entry;
    if (unsock_file_name_read(unsock_span_of(name), &entry) != UNSOCK_FILE_PORT)
        return false;
    struct unsock_port_key key = unsock_port_key_of(&entry);
    unsock_address_path(key.number, key.type, &path);
    return key.type == SOCK_STREAM || is_open(key) || unsock_bit_is_set(all.bits->told, bit_of(key.type, key.number)) ||
           unsock_file_is_link(path.sun_path) || unsock_control_file_read(path.sun_path, NULL) == 0;
}

bool unsock_expose_all_event(void) {
    _Alignas(struct inotify_event) char events[4096];
    bool is_there = true;
    for (long size; (size = unsock_read(all.changes, events, sizeof(events))) > 0;) {
        for (const char *at = events; at < events + size;) {
            const struct inotify_event *event = (const struct inotify_event *)at;
            all.stale |= event->len == 0 || is_about_port(event->name);
            is_there &= !(event->mask & (IN_DELETE_SELF | IN_IGNORED));
            at += sizeof(*event) + event->len;
        }
    }
    return is_there;
}

void unsock_expose_all_look(void) {
    all.stale = all.changes > 0;
}

/* True for a control file, and for a port link whose socket may be live. But false for the port link of a datagram
 * client whose name shows its server (unsock_port_entry_asks). */
static bool is_live(const struct unsock_directory_list_one *one) {
    struct sockaddr_un path;
    unsock_address_path(one->entry.ip.port, one->entry.type, &path);
    if (one->what == UNSOCK_DIRECTORY_LIST_PORT)
        return !unsock_port_entry_asks(&one->entry) && unsock_prune(path.sun_path, 0) != 1;
    return one->what == UNSOCK_DIRECTORY_LIST_PLAIN && unsock_control_file_read(path.sun_path, NULL) == 0;
}

static void follow_port(unsigned bit) {
    UNSOCK_TEXT(line, LINE_MOST);
    struct unsock_port_key key = {(uint16_t)bit, bit < PORTS ? SOCK_STREAM : SOCK_DGRAM};
    if (is_open(key))
        return;
    unsock_text_put(&line, "unsock: ");
    long number = unsock_expose_open(key.number, key.number, key.type, &line);
    unsock_text_put(&line, "\n");
    if (number < 0 && !unsock_bit_is_set(all.bits->told, bit))
        unsock_write(2, line.buffer, line.length);
    (number < 0 ? unsock_bit_set : unsock_bit_clear)(all.bits->told, bit);
}

/* Finds the ports that have a server. Returns false if the directory could not be read to its end. */
static bool read_live_ports(void) {
    struct unsock_directory_list names;
    struct unsock_directory_list_one one;
    memset(all.bits->live, 0, sizeof(all.bits->live));
    if (unsock_directory_list_open(&names, unsock_expose.directory.path, 0) < 0)
        return false;
    while (unsock_directory_list_next(&names, &one)) {
        if (one.what <= UNSOCK_DIRECTORY_LIST_PORT && is_live(&one))
            unsock_bit_set(all.bits->live, bit_of(one.entry.type, one.entry.ip.port));
    }
    bool whole = names.entries.fd >= 0;
    unsock_directory_list_close(&names);
    return whole;
}

/* Closes the ports that have no server any more, unless the directory could not be read to its end. Opens ports only
 * after that, since a new port may need the array element of a closed one. */
static void look_for_ports(void) {
    struct unsock_expose_port *port;
    bool whole = read_live_ports();
    for (unsigned i = 0; whole && (port = unsock_expose_port_at(i)); i++) {
        if (port->fd <= 0 || port->stays || unsock_bit_is_set(all.bits->live, bit_of(port->type, port->port)))
            continue;
        unsock_expose_close(port);
        unsock_expose_tell(port, "leads no more to");
    }
    for (int i = 0; (i = unsock_bits_next(all.bits->live, i, 2 * PORTS)) < 2 * PORTS; i++)
        follow_port((unsigned)i);
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
