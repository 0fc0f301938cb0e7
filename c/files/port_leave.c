/* Removes the names of closed sockets, and marks connected ones in the record. */
#include "files/port.h"

#include "files/directory.h"
#include "rt/system_calls.h"

/* Marks the entries on the address of `like` whose sockets are connected, as the kernel says. Checks all of them, since
 * another process may have changed the number of `like`. True if it marked any. */
static bool mark_connected(struct unsock_port *port, const struct unsock_port_entry *like) {
    struct sockaddr_un path;
    bool any = false;
    for (unsigned i = 0, entries = port->count; i < entries; i++) {
        struct unsock_port_entry entry = port->entries[i];
        socklen_t length = unsock_port_path(&entry, &path);
        if (!unsock_port_same_address(&entry, like) || (entry.marks & UNSOCK_PORT_CONNECTED) ||
            !unsock_socketfile_is_connected(&path, length))
            continue;
        entry.marks |= UNSOCK_PORT_CONNECTED;
        if (!unsock_port_add(port, &entry))
            continue;
        port->life[i] = UNSOCK_PORT_GONE;
        any = true;
    }
    return any;
}

UNSOCK_OWN_FRAME bool unsock_port_note_connected(const struct unsock_port_entry *entry) {
    struct unsock_port_key key = unsock_port_key_of(entry);
    struct sockaddr_un path;
    struct unsock_port_entry first;
    struct unsock_lock lock;
    bool several;
    struct unsock_port *port =
        unsock_port_look(key, &path, &first, &several) == UNSOCK_PORT_OURS && several ? unsock_port_borrow() : NULL;
    if (!port)
        return false;
    if (unsock_lock_take(&lock, false) == 0) {
        unsock_port_read(port, key, NULL);
        several = port->several && unsock_port_living(port) > 1;
        if (several && mark_connected(port, entry))
            unsock_port_put_record(port, NULL);
    }
    unsock_lock_drop(&lock);
    unsock_port_return(port);
    return several;
}

/* Returns the index of the entry to which PORT.sock must point after the close of `me`, or UNSOCK_PORT_HEIR_…. */
static int find_heir(struct unsock_port *port, const struct unsock_port_entry *me, long probe) {
    for (;;) {
        struct unsock_port_leaving leaving = unsock_port_decide_leave(port, me);
        if (!leaving.ask)
            return leaving.heir;
        port->life[leaving.which] = (uint8_t)unsock_port_ask(probe, &port->entries[leaving.which]);
    }
}

/* Removes a closed socket's names. If there is an heir (another socket of the port), PORT.sock becomes a link to it
 * before the file is removed: after a kill in between, the next bind repairs the rest. Without an heir, PORT.sock is
 * removed after the file, and the record last: a PORT.sock with "./" always has a record. */
static void leave_port(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
    int heir = find_heir(port, me, probe), mine = unsock_port_find(port, me);
    bool readable = port->several && !port->unreadable;
    if (mine >= 0)
        port->life[mine] = (uint8_t)own;
    bool record = unsock_port_has_record(port);
    long result = 0;
    if (heir >= 0)
        result = unsock_port_put_first(&port->entries[heir], record, true);
    else if (heir == UNSOCK_PORT_HEIR_STAYS && readable && !record)
        result = unsock_port_put_first(&port->first, false, true);
    if (own == UNSOCK_PORT_STALE)
        unsock_port_unlink(me);
    if (heir == UNSOCK_PORT_HEIR_NONE)
        result = unsock_port_unlink_first(port->key);
    unsock_port_unlink_stale(port, me);
    if (readable && !record && result == 0)
        unsock_port_unlink_record(port->key);
    else if (readable && record && mine >= 0)
        unsock_port_put_record(port, NULL);
}

/* If PORT.sock is the file of a closed socket, for example of a datagram client, removes it. */
UNSOCK_OWN_FRAME static void sweep_plain(struct unsock_port_key key, long probe) {
    struct sockaddr_un path;
    socklen_t length = unsock_address_path(key.number, key.type, &path);
    if (unsock_file_inode(path.sun_path) > 0 && unsock_socketfile_life(probe, &path, length) == UNSOCK_PORT_STALE)
        unsock_directory_unlink(path.sun_path);
}

/* Removes the names of stale sockets. True if no socket of the port is live. */
static bool sweep_port(struct unsock_port *port, struct unsock_port_key key, long probe) {
    bool living = false;
    unsock_port_read(port, key, NULL);
    if (port->holder == UNSOCK_PORT_FOREIGN)
        sweep_plain(key, probe);
    unsigned entries = unsock_port_living(port);
    for (unsigned i = 0, at = 0; i < entries && at < port->count; i++) {
        struct unsock_port_entry entry = port->entries[at];
        enum unsock_port_life life = unsock_port_ask(probe, &entry);
        if (life != UNSOCK_PORT_STALE && life != UNSOCK_PORT_GONE) {
            living = true;
            at++;
            continue;
        }
        leave_port(port, &entry, life, probe);
        unsock_port_read(port, key, NULL);         /* it has changed */
        at += unsock_port_find(port, &entry) >= 0; /* the entry stays if the directory is another user's */
    }
    return !living;
}

/* Removes the names of a closed socket. If the file of a datagram socket is missing, another process may have given it
 * a number that is not known here (unsock_port_join). Then this function checks all names of the port. */
static void settle_end(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
    if (own == UNSOCK_PORT_GONE && port->key.type == SOCK_DGRAM && me->number == 0)
        sweep_port(port, port->key, probe);
    else
        leave_port(port, me, own, probe);
}

/* Reads the port of `me`. NULL: no memory, or the name is PORT.sock itself, so that no other socket has the port. */
static struct unsock_port *read_port_of(const struct unsock_port_entry *me) {
    struct unsock_port *port = unsock_port_entry_is_plain(me) ? NULL : unsock_port_borrow();
    if (port)
        unsock_port_read(port, unsock_port_key_of(me), NULL);
    return port;
}

void unsock_port_leave(const struct unsock_port_entry *me, enum unsock_port_life own, long probe) {
    struct unsock_port *port = read_port_of(me);
    if (!port) {
        if (own == UNSOCK_PORT_STALE)
            unsock_port_unlink(me);
        return;
    }
    /* Asks again about a missing file: a new socket may have bound the name before the port was read. */
    if (own == UNSOCK_PORT_GONE)
        own = unsock_port_ask(probe, me);
    if (own == UNSOCK_PORT_STALE || own == UNSOCK_PORT_GONE)
        settle_end(port, me, own, probe);
    unsock_port_return(port);
}

/* Before the close, points PORT.sock to another live socket (the heir): clients must find one during the close. */
struct unsock_port *unsock_port_hand_on(const struct unsock_port_entry *me, long probe) {
    struct unsock_port *port = read_port_of(me);
    if (!port)
        return NULL;
    int heir = port->several && !port->unreadable && unsock_port_same(&port->first, me) ? find_heir(port, me, probe)
                                                                                        : UNSOCK_PORT_HEIR_STAYS;
    if (heir >= 0 && unsock_port_put_first(&port->entries[heir], true, true) == 0)
        port->first = port->entries[heir];
    return port;
}

void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe) {
    if (own == UNSOCK_PORT_STALE || own == UNSOCK_PORT_GONE)
        settle_end(port, me, own, probe);
    unsock_port_return(port);
}

long unsock_port_sweep(struct unsock_port_key key) {
    struct unsock_lock lock;
    struct unsock_port *port = unsock_port_borrow();
    long result = port ? unsock_lock_take(&lock, false) : -ENOBUFS;
    if (result == 0) {
        UNSOCK_CLOSED long probe = unsock_socketfile_probe();
        result = sweep_port(port, key, probe);
    }
    if (port)
        unsock_lock_drop(&lock);
    unsock_port_return(port);
    return result;
}

UNSOCK_OWN_FRAME static bool is_first_live(struct unsock_port_key key) {
    struct sockaddr_un path;
    socklen_t length = unsock_address_path(key.number, key.type, &path);
    UNSOCK_CLOSED long probe = unsock_socketfile_probe();
    return unsock_socketfile_is_live(probe, &path, length);
}

long unsock_port_sweep_dead(struct unsock_port_key key) {
    return is_first_live(key) ? 0 : unsock_port_sweep(key);
}
