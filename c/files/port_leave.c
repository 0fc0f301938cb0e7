/* What the end of a socket does to its port's names. */
#include "files/port.h"

#include "files/directory.h"

/* To whom PORT.sock leads when `me` has gone. */
static int find_heir(struct unsock_port *port, const struct unsock_port_entry *me, long probe) {
    for (;;) {
        struct unsock_port_leaving leaving = unsock_port_decide_leave(port, me);
        if (!leaving.ask)
            return leaving.heir;
        struct unsock_port_entry entry = unsock_port_at(port, (unsigned)leaving.which);
        port->life[leaving.which] = (uint8_t)unsock_port_ask(probe, port->key, &entry);
    }
}

/*
 * In this order. PORT.sock leads to the heir before the file goes: whoever is killed in between leaves what every bind
 * sees and mends. Where there is none it goes after the file, and the record last, if that has been done: a "./" is
 * never without it.
 */
static void leave(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own, long probe) {
    int heir = find_heir(port, me, probe), mine = unsock_port_find(port, me);
    bool readable = port->several && !port->unreadable;
    if (mine >= 0)
        port->life[mine] = (uint8_t)own;
    bool record = unsock_port_has_record(port);
    long result = 0;
    if (heir >= 0) {
        struct unsock_port_entry first = unsock_port_at(port, (unsigned)heir);
        result = unsock_port_put_first(port->key, &first, record, true);
    } else if (heir == UNSOCK_PORT_HEIR_STAYS && readable && !record) {
        result = unsock_port_put_first(port->key, &port->first, false, true);
    }
    if (own == UNSOCK_PORT_DEAD)
        unsock_port_unlink(port->key, me);
    if (heir == UNSOCK_PORT_HEIR_NONE)
        result = unsock_port_unlink_first(port->key);
    unsock_port_unlink_dead(port, me);
    if (readable && !record && result == 0)
        unsock_port_unlink_record(port->key);
    else if (readable && record && mine >= 0)
        unsock_port_put_record(port, NULL);
}

/* Returns whether nobody of the port lives. */
static bool sweep(struct unsock_port *port, struct unsock_port_key key, long probe) {
    bool living = false;
    unsock_port_read(port, key);
    unsigned entries = unsock_port_living(port);
    for (unsigned i = 0, at = 0; i < entries; i++) {
        struct unsock_port_entry entry = unsock_port_at(port, at);
        enum unsock_port_life life = unsock_port_ask(probe, key, &entry);
        if (life != UNSOCK_PORT_DEAD && life != UNSOCK_PORT_GONE) {
            living = true;
            at++;
            continue;
        }
        leave(port, &entry, life, probe);
        unsock_port_read(port, key);               /* as it is now */
        at += unsock_port_find(port, &entry) >= 0; /* it may not be taken away: somebody else's directory */
    }
    return !living;
}

/*
 * A datagram socket's own file may have got a number from another process (unsock_port_give_number), which this one
 * does not know: it is the one that has ended.
 */
static void settle(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                   long probe) {
    if (own == UNSOCK_PORT_GONE && port->key.type == SOCK_DGRAM && me->number == 0)
        sweep(port, port->key, probe);
    else
        leave(port, me, own, probe);
}

void unsock_port_leave(struct unsock_port_key key, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
    struct unsock_port *port = unsock_port_borrow();
    if (!port) {
        if (own == UNSOCK_PORT_DEAD)
            unsock_port_unlink(key, me);
        return;
    }
    unsock_port_read(port, key);
    /* A name without a file may have become a newcomer's, and PORT.sock with it, before that was read. */
    if (own == UNSOCK_PORT_GONE)
        own = unsock_port_ask(probe, key, me);
    if (own == UNSOCK_PORT_DEAD || own == UNSOCK_PORT_GONE)
        settle(port, me, own, probe);
    unsock_port_return(port);
}

/* A plain client that comes while the socket ends must find one that lives. */
struct unsock_port *unsock_port_hand_on(struct unsock_port_key key, const struct unsock_port_entry *me, long probe) {
    struct unsock_port *port = unsock_port_borrow();
    if (!port)
        return NULL;
    unsock_port_read(port, key);
    int heir = port->several && !port->unreadable && unsock_port_same(&port->first, me) ? find_heir(port, me, probe)
                                                                                        : UNSOCK_PORT_HEIR_STAYS;
    if (heir >= 0) {
        struct unsock_port_entry first = unsock_port_at(port, (unsigned)heir);
        if (unsock_port_put_first(key, &first, true, true) == 0)
            port->first = first;
    }
    return port;
}

void unsock_port_handed_on(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                           long probe) {
    if (own == UNSOCK_PORT_DEAD || own == UNSOCK_PORT_GONE)
        settle(port, me, own, probe);
    unsock_port_return(port);
}

long unsock_port_sweep(struct unsock_port_key key) {
    struct unsock_lock lock;
    struct unsock_port *port = unsock_port_borrow();
    long result = port ? unsock_lock_take(&lock, false) : -ENOBUFS;
    if (result == 0) {
        long probe = unsock_socketfile_probe();
        result = sweep(port, key, probe);
        unsock_socketfile_probe_end(probe);
    }
    if (port)
        unsock_lock_drop(&lock);
    unsock_port_return(port);
    return result;
}
