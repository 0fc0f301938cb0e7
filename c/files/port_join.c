/* Joining those that have a port already. */
#include "files/port_join.h"

#include "files/lock.h"
#include "files/port.h"
#include "files/port_sharing.h"
#include "files/socketfile.h"
#include "rt/net.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

/* Those that the new one shares its address with get numbers, and stand at the end. *moved: so does the first one. */
static long give_numbers(struct unsock_port *port, const struct unsock_port_entry *me, bool *moved) {
    struct unsock_port_entry first = port->first;
    long result = 0;
    for (int i = -1; result == 0 && (i = unsock_port_next_unnumbered(port, me, i)) >= 0;)
        result = unsock_port_give_number(port, (unsigned)i);
    *moved = !unsock_port_same(&first, &port->first);
    return result;
}

/* Of those from number `from` on: they are known by these names from now on, or are not after all. */
static void settle_numbers(struct unsock_port *port, unsigned from, bool joined) {
    struct unsock_span rest = unsock_port_all(port);
    struct unsock_port_entry entry, before;
    for (unsigned i = 0; unsock_port_entry_next(&rest, &entry); i++) {
        before = entry;
        before.number = 0;
        if (i >= from && joined)
            unsock_port_tell_number(port->key, &before, entry.number);
        else if (i >= from)
            unsock_port_unlink(port->key, &entry);
    }
}

/* From the record on the new one counts; then the names of dead ones go, and those that others had before. */
static long join(struct unsock_port *port, const struct unsock_port_entry *me,
                 const struct unsock_port_joining *joining) {
    bool moved = false, there = port->holder == UNSOCK_PORT_OURS;
    int older = unsock_port_find(port, me);
    if (older >= 0)
        port->life[older] = UNSOCK_PORT_GONE;
    long result = joining->shares ? give_numbers(port, me, &moved) : 0;
    bool joins = unsock_port_living(port) > 0, marked = port->key.type == SOCK_DGRAM && me->marks != 0;
    if (result == 0 && (joins || marked))
        result = unsock_port_put_record(port, me);
    if (result == 0 && joining->be_first)
        result = unsock_port_put_first(port->key, me, joins || marked, there);
    else if (result == 0 && (moved || !port->several))
        result = unsock_port_put_first(port->key, &port->first, true, true);
    if (result < 0)
        return result;
    if (!joins && !marked && port->several)
        unsock_port_unlink_record(port->key);
    unsock_port_unlink_dead(port, me);
    return 0;
}

long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining) {
    unsigned entries = unsock_port_count(port);
    long result = join(port, me, joining);
    if (joining->shares)
        settle_numbers(port, entries, result == 0);
    return result;
}

/* The kernel tells which are connected, whatever their numbers are by now. Returns whether any was not known to be. */
static bool mark_connected(struct unsock_port *port, const struct unsock_port_entry *like) {
    struct sockaddr_un path;
    bool any = false;
    for (unsigned i = 0, entries = unsock_port_count(port); i < entries; i++) {
        struct unsock_port_entry entry = unsock_port_at(port, i);
        socklen_t length = unsock_port_path(port->key, &entry, &path);
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

UNSOCK_OWN_FRAME void unsock_port_note_connected(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct unsock_port_entry first;
    struct unsock_lock lock;
    bool several;
    struct unsock_port *port =
        unsock_port_look(key, &first, &several) == UNSOCK_PORT_OURS && several ? unsock_port_borrow() : NULL;
    if (!port)
        return;
    if (unsock_lock_take(&lock) == 0) {
        unsock_port_read(port, key);
        if (port->several && unsock_port_living(port) > 1 && mark_connected(port, entry))
            unsock_port_put_record(port, NULL);
    }
    unsock_lock_drop(&lock);
    unsock_port_return(port);
}
