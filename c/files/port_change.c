/* Adds sockets to a port, and removes the names of sockets that end. */
#include "files/port.h"

#include "files/directory.h"
#include "memory/fds.h"
#include "rt/system_calls.h"

/* Returns the file's owner; `otherwise` if it cannot be read. */
static uint32_t owner_of_file(const struct sockaddr_un *path, uint32_t otherwise) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, path->sun_path, AT_SYMLINK_NOFOLLOW, STATX_UID, &status);
    return result < 0 ? otherwise : status.stx_uid;
}

bool unsock_port_is_another_users(const struct unsock_port *port) {
    struct sockaddr_un path;
    struct statx status;
    if (!unsock_directory_is_shared() || port->holder != UNSOCK_PORT_OURS ||
        unsock_statx(AT_FDCWD, unsock_settings.directory, 0, STATX_MODE | STATX_UID, &status) < 0 ||
        !(status.stx_mode & S_ISVTX))
        return false;
    uint32_t user = (uint32_t)unsock_geteuid();
    unsock_address_path(port->key.number, port->key.type, &path);
    bool may_take = (user == 0 || status.stx_uid == user) && unsock_port_living(port) == 0;
    return !may_take && owner_of_file(&path, user) != user;
}

bool unsock_port_shares_with_another(const struct unsock_port *port, const struct unsock_port_entry *me, long probe) {
    struct unsock_span rest = unsock_port_all(port);
    struct unsock_port_entry entry, alone = *me;
    struct sockaddr_un path;
    uint32_t user = (uint32_t)unsock_geteuid();
    alone.marks = 0;
    for (unsigned i = 0; unsock_port_entry_next(&rest, &entry); i++) {
        if (port->life[i] >= UNSOCK_PORT_STALE || !unsock_port_conflict(&entry, &alone))
            continue;
        unsock_port_path(port->key, &entry, &path);
        if (owner_of_file(&path, user) != user && unsock_port_ask(probe, port->key, &entry) == UNSOCK_PORT_ALIVE)
            return true;
    }
    return false;
}

/* Returns the next descriptor with a file of this port, after `fd`, of those that do not listen if `silent`; -1: none.
 */
static int next_fd_of(int fd, struct unsock_port_key key, bool silent, struct unsock_port_entry *entry) {
    while ((fd = unsock_fds_next_with_file(fd + 1)) >= 0) {
        const struct unsock_fd *known = unsock_fds_known(fd);
        if (!known || known->kind != UNSOCK_KIND_LOCAL || known->type != key.type || unsock_fd_is_handed(known) ||
            known->local.port != key.number || known->local.tag == UNSOCK_NAME_TAG_PLAIN ||
            (silent && known->state == UNSOCK_STATE_LISTENING))
            continue;
        struct unsock_ip bound = unsock_fd_bound_to(known);
        *entry = unsock_port_entry_of_tag(&bound);
        return fd;
    }
    return -1;
}

int unsock_port_find_silent(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct unsock_port_entry its;
    int fd = -1;
    while (key.type == SOCK_STREAM && (fd = next_fd_of(fd, key, true, &its)) >= 0 && !unsock_port_same(&its, entry))
        ;
    return fd;
}

void unsock_port_let_wait(struct unsock_port_key key, const struct unsock_port_entry *me) {
    struct unsock_port_entry its;
    for (int fd = -1; (fd = next_fd_of(fd, key, true, &its)) >= 0;) {
        struct unsock_fd *known = unsock_fds_known(fd);
        if (known && !unsock_port_same(&its, me) && unsock_port_conflict(&its, me))
            unsock_fds_mark(known, UNSOCK_STREAM_UNLISTED);
    }
}

/* The entry's file has got this number: notes it for the descriptors of this process with that socket. */
static void tell_number(struct unsock_port_key key, const struct unsock_port_entry *before, uint8_t number) {
    struct unsock_port_entry its;
    for (int fd = -1; (fd = next_fd_of(fd, key, false, &its)) >= 0;) {
        struct unsock_fd *known = unsock_fds_known(fd);
        if (known && unsock_port_same(&its, before))
            known->local.tag |= number;
    }
}

/* Gives numbers to the sockets with the address of `me`. Their new entries are the last ones. *moved: the port's first
 * socket is one of them. */
static long give_numbers(struct unsock_port *port, const struct unsock_port_entry *me, bool *moved) {
    struct unsock_port_entry first = port->first;
    long result = 0;
    for (int i = -1; result == 0 && (i = unsock_port_next_unnumbered(port, me, i)) >= 0;)
        result = unsock_port_give_number(port, (unsigned)i);
    *moved = !unsock_port_same(&first, &port->first);
    return result;
}

/* Gives this process's descriptors the new names of the entries from index `from` on, as the bind has succeeded. */
static void settle_numbers(const struct unsock_port *port, unsigned from) {
    for (unsigned i = from, entries = unsock_port_count(port); i < entries; i++) {
        struct unsock_port_entry entry = unsock_port_at(port, i), before = entry;
        before.number = 0;
        tell_number(port->key, &before, entry.number);
    }
}

/* Undoes the numbering of the entries from index `from` on: the record lists their old names again. */
static void take_numbers_back(struct unsock_port *port, const struct unsock_port_entry *me, unsigned from) {
    unsigned entries = unsock_port_count(port);
    for (unsigned i = from; i < entries; i++) {
        struct unsock_port_entry before = unsock_port_at(port, i);
        before.number = 0;
        port->life[unsock_port_find(port, &before)] = UNSOCK_PORT_ALIVE;
        port->life[i] = UNSOCK_PORT_STALE;
    }
    if (port->several && unsock_port_put_record(port, NULL) == 0)
        unsock_port_unlink_dead(port, me);
    else if (!port->several)
        unsock_port_unlink_record(port->key);
}

/* Adds the socket to the port. It counts as soon as the record lists it. Afterwards the names of stale sockets are
 * removed, and the old names of numbered ones. */
static long join_port(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining) {
    bool moved = false, there = port->holder == UNSOCK_PORT_OURS;
    int older = unsock_port_find(port, me);
    if (older >= 0)
        port->life[older] = UNSOCK_PORT_GONE;
    long result = joining->shares ? give_numbers(port, me, &moved) : 0;
    bool joins = unsock_port_living(port) > 0, marked = unsock_port_needs_record(port->key, me);
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
    long result = join_port(port, me, joining);
    if (result == 0)
        settle_numbers(port, entries);
    else
        take_numbers_back(port, me, entries);
    return result;
}

/* Asks the kernel which sockets of this address are connected, as their numbers may have changed, and marks their
 * entries. True if an entry was not marked before. */
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
    if (unsock_lock_take(&lock, false) == 0) {
        unsock_port_read(port, key);
        if (port->several && unsock_port_living(port) > 1 && mark_connected(port, entry))
            unsock_port_put_record(port, NULL);
    }
    unsock_lock_drop(&lock);
    unsock_port_return(port);
}

/* Returns which entry PORT.sock shall lead to after the end of `me`. Asks whether sockets live, as the decision needs
 * it. */
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
 * Removes an ended socket's names, in this order. PORT.sock becomes a link to the heir before the file is removed: if
 * the process is killed between, the next bind sees and repairs the rest. Without an heir PORT.sock is removed after
 * the file, and the record last, if PORT.sock is gone: a PORT.sock with "./" always has a record.
 */
static void leave_port(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
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
    if (own == UNSOCK_PORT_STALE)
        unsock_port_unlink(port->key, me);
    if (heir == UNSOCK_PORT_HEIR_NONE)
        result = unsock_port_unlink_first(port->key);
    unsock_port_unlink_dead(port, me);
    if (readable && !record && result == 0)
        unsock_port_unlink_record(port->key);
    else if (readable && record && mine >= 0)
        unsock_port_put_record(port, NULL);
}

/* Removes the names of stale sockets. True if no socket of the port is live. */
static bool sweep_port(struct unsock_port *port, struct unsock_port_key key, long probe) {
    bool living = false;
    unsock_port_read(port, key);
    unsigned entries = unsock_port_living(port);
    for (unsigned i = 0, at = 0; i < entries; i++) {
        struct unsock_port_entry entry = unsock_port_at(port, at);
        enum unsock_port_life life = unsock_port_ask(probe, key, &entry);
        if (life != UNSOCK_PORT_STALE && life != UNSOCK_PORT_GONE) {
            living = true;
            at++;
            continue;
        }
        leave_port(port, &entry, life, probe);
        unsock_port_read(port, key);               /* it has changed */
        at += unsock_port_find(port, &entry) >= 0; /* the entry stays if the directory is another user's */
    }
    return !living;
}

/* Removes the names of a socket that has ended. If its file is gone, another process may have given the file a number
 * (unsock_port_give_number), which this process does not know. Then all names of the port are checked. */
static void settle_end(struct unsock_port *port, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
    if (own == UNSOCK_PORT_GONE && port->key.type == SOCK_DGRAM && me->number == 0)
        sweep_port(port, port->key, probe);
    else
        leave_port(port, me, own, probe);
}

void unsock_port_leave(struct unsock_port_key key, const struct unsock_port_entry *me, enum unsock_port_life own,
                       long probe) {
    struct unsock_port *port = unsock_port_borrow();
    if (!port) {
        if (own == UNSOCK_PORT_STALE)
            unsock_port_unlink(key, me);
        return;
    }
    unsock_port_read(port, key);
    /* A new socket may have bound that name, and made PORT.sock, before the port was read. */
    if (own == UNSOCK_PORT_GONE)
        own = unsock_port_ask(probe, key, me);
    if (own == UNSOCK_PORT_STALE || own == UNSOCK_PORT_GONE)
        settle_end(port, me, own, probe);
    unsock_port_return(port);
}

/* A plain client that connects during the close must find a live socket. */
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
