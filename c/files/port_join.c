/* Joining those that have a port already. */
#include "files/port_join.h"

#include "files/lock.h"
#include "files/port.h"
#include "files/port_sharing.h"
#include "files/socketfile.h"
#include "rt/net.h"
#include "rules/port_name.h"
#include "rules/port_record.h"

/* Those that the new one shares its address with get numbers. */
static long give_numbers(struct unsock_port *port, const struct unsock_port_entry *me, bool *moved) {
    struct unsock_port_entry numbered;
    long result = 0;
    for (int i = -1; result == 0 && (i = unsock_port_next_unnumbered(port, me, i)) >= 0;) {
        struct unsock_port_entry before = unsock_port_at(port, (unsigned)i);
        *moved |= unsock_port_same(&before, &port->first);
        result = unsock_port_give_number(port, (unsigned)i, &numbered);
        if (result == 0)
            unsock_port_tell_number(port->key, &before, numbered.number);
    }
    return result;
}

/* From the record on the new one counts; then the names of dead ones go, and those that others had before. */
long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
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

/* The kernel tells which are connected, whatever their numbers are by now. Returns whether any was not known to be. */
static bool mark_connected(struct unsock_port *port, const struct unsock_port_entry *like) {
    struct sockaddr_un path;
    bool any = false;
    for (unsigned i = 0, entries = unsock_port_living(port); i < entries; i++) {
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
