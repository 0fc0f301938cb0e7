/* Adds sockets to a port, and finds this process's own sockets there. */
#include "files/bind.h"

#include "files/directory.h"
#include "files/port.h"
#include "kernel/socket_info.h"

/* Nobody shares a client's port: its name is the one to which PORT.dgram.sock leads. */
static bool is_found_asking(struct unsock_port_key key, struct unsock_port_entry *own) {
    bool several;
    return unsock_port_look(key, own, &several) == UNSOCK_PORT_OURS && unsock_port_entry_asks(own);
}

bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own) {
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    if (entry->local.tag == UNSOCK_NAME_TAG_PLAIN)
        return false;
    *own = unsock_port_entry_of_tag(&bound);
    if (entry->local.tag == UNSOCK_NAME_TAG_ASKING && !is_found_asking(unsock_port_key_of(entry), own))
        own->number = UNSOCK_PORT_SHARERS; /* nobody's: the name has gone already */
    return true;
}

socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    struct unsock_port_entry own;
    if (!unsock_port_own(entry, &own))
        return unsock_address_path(entry->local.port, entry->type, path);
    return unsock_port_path(unsock_port_key_of(entry), &own, path);
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

bool unsock_port_has_silent(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct unsock_port_entry its;
    int fd = -1;
    while (key.type == SOCK_STREAM && (fd = next_fd_of(fd, key, true, &its)) >= 0 && !unsock_port_same(&its, entry))
        ;
    const struct unsock_fd *known = fd < 0 ? NULL : unsock_fds_known(fd);
    return known && unsock_option_flag(fd, known, SOL_SOCKET, SO_REUSEADDR);
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

/* Gives `entry` the first free number and links the file at `old` to its name. Removes stale files there. */
static long link_numbered(const struct unsock_port *port, const struct sockaddr_un *old,
                          struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    for (entry->number = 1; entry->number <= UNSOCK_PORT_SHARERS; entry->number++) {
        if (unsock_port_find(port, entry) >= 0)
            continue;
        socklen_t length = unsock_port_path(port->key, entry, &path);
        long result = unsock_directory_link(old->sun_path, path.sun_path);
        if (result == -EEXIST && unsock_file_inode(path.sun_path) > 0 && unsock_socketfile_is_stale(&path, length)) {
            unsock_directory_unlink(path.sun_path);
            result = unsock_directory_link(old->sun_path, path.sun_path);
        }
        if (result != -EEXIST)
            return result;
    }
    return -EADDRINUSE;
}

static long give_number(struct unsock_port *port, unsigned index) {
    struct unsock_port_entry before = port->entries[index], numbered = before;
    struct sockaddr_un path;
    socklen_t length = unsock_port_path(port->key, &before, &path);
    long result = link_numbered(port, &path, &numbered);
    if (result < 0)
        return result;
    if (unsock_socketfile_is_connected(&path, length))
        numbered.marks |= UNSOCK_PORT_CONNECTED;
    if (!unsock_port_add(port, &numbered)) {
        unsock_port_unlink(port->key, &numbered);
        return -EADDRINUSE;
    }
    port->life[index] = UNSOCK_PORT_STALE; /* the old name is then removed with those of stale sockets */
    if (unsock_port_same(&port->first, &before))
        port->first = numbered;
    return 0;
}

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
    struct unsock_port_entry alone = *me;
    struct sockaddr_un path;
    uint32_t user = (uint32_t)unsock_geteuid();
    alone.marks = 0;
    for (unsigned i = 0; i < port->count; i++) {
        if (port->life[i] >= UNSOCK_PORT_STALE || !unsock_port_conflict(&port->entries[i], &alone))
            continue;
        socklen_t length = unsock_port_path(port->key, &port->entries[i], &path);
        if (owner_of_file(&path, user) != user && unsock_socketfile_life(probe, &path, length) == UNSOCK_PORT_ALIVE)
            return true;
    }
    return false;
}

/* Gives numbers to the sockets with the address of `me`. Their new entries are the last ones. *moved: the port's first
 * socket is one of them. */
static long give_numbers(struct unsock_port *port, const struct unsock_port_entry *me, bool *moved) {
    struct unsock_port_entry first = port->first;
    long result = 0;
    for (int i = -1; result == 0 && (i = unsock_port_next_unnumbered(port, me, i)) >= 0;)
        result = give_number(port, (unsigned)i);
    *moved = !unsock_port_same(&first, &port->first);
    return result;
}

/* Gives this process's descriptors the new names of the entries from index `from` on, as the bind has succeeded. */
static void settle_numbers(const struct unsock_port *port, unsigned from) {
    for (unsigned i = from; i < port->count; i++) {
        struct unsock_port_entry before = port->entries[i];
        before.number = 0;
        tell_number(port->key, &before, port->entries[i].number);
    }
}

/* Undoes the numbering of the entries from index `from` on: the record lists their old names again. */
static void take_numbers_back(struct unsock_port *port, const struct unsock_port_entry *me, unsigned from) {
    for (unsigned i = from; i < port->count; i++) {
        struct unsock_port_entry before = port->entries[i];
        before.number = 0;
        port->life[unsock_port_find(port, &before)] = UNSOCK_PORT_ALIVE;
        port->life[i] = UNSOCK_PORT_STALE;
    }
    if (port->several && unsock_port_put_record(port, NULL) == 0)
        unsock_port_unlink_stale(port, me);
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
    unsock_port_unlink_stale(port, me);
    return 0;
}

long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining) {
    unsigned entries = port->count;
    long result = join_port(port, me, joining);
    if (result == 0)
        settle_numbers(port, entries);
    else
        take_numbers_back(port, me, entries);
    return result;
}
