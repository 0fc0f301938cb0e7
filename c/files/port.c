/* Reads and changes a port's names in the directory, adds sockets to it, and finds this process's own names. */
#include "files/port.h"

#include "files/bind.h"
#include "files/directory.h"
#include "kernel/log.h"
#include "kernel/socket_info.h"
#include "rules/errno.h"

#define RENAME_EXCHANGED 2u

/* A port's two links. A link that replaces another is made at the record's path with a "~", and renamed. */
enum link { FIRST, RECORD };

static void link_path(struct unsock_port_key key, enum link which, struct sockaddr_un *path) {
    if (which == FIRST)
        unsock_address_path(key.number, key.type, path);
    else
        unsock_port_record_path(key, "", path);
}

/* For one borrower at a time. Other threads, signal handlers and children of vfork map memory meanwhile. */
static UNSOCK_TABLE struct unsock_port own_port;
static bool borrowed;

struct unsock_port *unsock_port_borrow(void) {
    if (!__atomic_exchange_n(&borrowed, true, __ATOMIC_ACQUIRE))
        return &own_port;
    return unsock_map(sizeof(struct unsock_port));
}

void unsock_port_return(struct unsock_port *port) {
    if (port == &own_port)
        __atomic_store_n(&borrowed, false, __ATOMIC_RELEASE);
    else if (port)
        unsock_unmap(port, sizeof(*port));
}

/* Reads a link, and logs it if it is of another protocol. Returns its length or -errno. */
static long read_port_link(const struct sockaddr_un *path, char *text, size_t size) {
    long length = unsock_readlinkat(AT_FDCWD, path->sun_path, text, size);
    if (length > 0 && unsock_port_is_of_another_protocol((struct unsock_span){text, (size_t)length}))
        unsock_log_other_protocol(path->sun_path);
    return length;
}

enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct sockaddr_un *path,
                                         struct unsock_port_entry *first, bool *several) {
    char text[UNSOCK_PORT_LINK_MOST];
    *several = false;
    link_path(key, FIRST, path);
    long length = read_port_link(path, text, sizeof(text));
    if (length < 0)
        return length == -ENOENT                                       ? UNSOCK_PORT_NOBODY
               : unsock_errno_as_ip(UNSOCK_AT_STEP, length) == -EACCES ? UNSOCK_PORT_UNREAD
                                                                       : UNSOCK_PORT_FOREIGN;
    struct unsock_span span = {text, (size_t)length};
    bool ours = length < (long)sizeof(text) && unsock_port_link_read(span, key, first, several);
    return ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
}

bool unsock_port_has_unknown_record(struct unsock_port_key key) {
    char text[2];
    struct sockaddr_un path;
    link_path(key, RECORD, &path);
    long length = read_port_link(&path, text, sizeof(text));
    return length > 0 && unsock_port_is_of_another_protocol((struct unsock_span){text, (size_t)length});
}

void unsock_port_read(struct unsock_port *port, struct unsock_port_key key, struct sockaddr_un *path) {
    struct sockaddr_un own;
    port->key = key;
    port->first = (struct unsock_port_entry){.number = 0};
    port->holder = (uint8_t)unsock_port_look(key, path ? path : &own, &port->first, &port->several);
    port->several &= port->holder == UNSOCK_PORT_OURS;
    link_path(key, RECORD, &own);
    long length = port->several ? read_port_link(&own, port->text, UNSOCK_PORT_RECORD_MOST) : 0;
    /* A record that is missing or too long counts as unreadable. */
    unsock_port_take(port, length < 0 || length == UNSOCK_PORT_RECORD_MOST ? 0 : (size_t)length);
}

enum unsock_port_life unsock_port_ask(long probe, const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    socklen_t length = unsock_port_path(entry, &path);
    return unsock_socketfile_life(probe, &path, length);
}

/* Makes a link. `there`: the link exists, and a rename replaces it. */
static long put_link(struct unsock_port_key key, enum link which, const char *text, bool there) {
    struct sockaddr_un path, next;
    link_path(key, which, &path);
    if (!there)
        return unsock_directory_symlink(text, path.sun_path);
    unsock_port_record_path(key, "~", &next);
    long result = unsock_directory_symlink(text, next.sun_path);
    if (result == -EEXIST) { /* left by a killed process */
        unsock_directory_unlink(next.sun_path);
        result = unsock_directory_symlink(text, next.sun_path);
    }
    if (result < 0)
        return result;
    result = unsock_directory_rename(next.sun_path, path.sun_path, 0);
    if (result < 0)
        unsock_directory_unlink(next.sun_path);
    return result;
}

long unsock_port_put_first(const struct unsock_port_entry *first, bool several, bool there) {
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_port_link_write(first, several, text);
    return put_link(unsock_port_key_of(first), FIRST, text, there);
}

long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me) {
    if (!unsock_port_write(port, me))
        return -EADDRINUSE;
    long result = put_link(port->key, RECORD, port->text, port->several);
    /* A process that was killed before PORT.sock got its "./" may have left the record. */
    return result == -EEXIST ? put_link(port->key, RECORD, port->text, true) : result;
}

long unsock_port_unlink_first(struct unsock_port_key key) {
    struct sockaddr_un path;
    struct unsock_port_entry first;
    bool several;
    link_path(key, FIRST, &path);
    long result = unsock_directory_unlink(path.sun_path);
    /* Takes ENOENT for success only if PORT.sock is really missing, since the caller then removes the record. */
    return result == -ENOENT && unsock_port_look(key, &path, &first, &several) == UNSOCK_PORT_NOBODY ? 0 : result;
}

void unsock_port_unlink_record(struct unsock_port_key key) {
    struct sockaddr_un path;
    link_path(key, RECORD, &path);
    unsock_directory_unlink(path.sun_path);
}

void unsock_port_unlink(const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    unsock_port_path(entry, &path);
    unsock_directory_unlink(path.sun_path);
}

void unsock_port_unlink_stale(const struct unsock_port *port, const struct unsock_port_entry *me) {
    for (unsigned i = 0; i < port->count; i++) {
        if (port->life[i] == UNSOCK_PORT_STALE && !unsock_port_same(&port->entries[i], me))
            unsock_port_unlink(&port->entries[i]);
    }
}

/* Servers without this library use no lock: the file may be removed at any moment, and another server may bind there.
 * So this exchanges the file and the link, and checks the file afterwards. */
long unsock_port_replace_foreign(const struct unsock_port_entry *first, long probe) {
    struct unsock_port_key key = unsock_port_key_of(first);
    struct sockaddr_un path, aside;
    char text[UNSOCK_PORT_LINK_MOST];
    link_path(key, FIRST, &path);
    socklen_t length = unsock_port_record_path(key, "~", &aside);
    unsock_port_link_write(first, false, text);
    unsock_directory_unlink(aside.sun_path);
    long result = unsock_directory_symlink(text, aside.sun_path);
    if (result == 0)
        result = unsock_directory_rename(aside.sun_path, path.sun_path, RENAME_EXCHANGED);
    if (result == 0 && (unsock_file_inode(aside.sun_path) <= 0 ||
                        unsock_socketfile_life(probe, &aside, length) != UNSOCK_PORT_STALE)) {
        /* If PORT.sock has been removed meanwhile, moves the file back without an exchange. */
        if (unsock_directory_rename(aside.sun_path, path.sun_path, RENAME_EXCHANGED) < 0)
            unsock_directory_rename(aside.sun_path, path.sun_path, RENAME_NOREPLACE);
        result = -EAGAIN;
    }
    unsock_directory_unlink(aside.sun_path);
    return result == -ENOENT ? -EAGAIN : result;
}

void unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own) {
    struct sockaddr_un path;
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    struct unsock_port_key key = {bound.port, entry->type};
    bool several, asks = bound.tag == UNSOCK_NAME_TAG_ASKING;
    /* If a client's name shows its target, only the client has the port, and PORT.dgram.sock points to its file. */
    if (asks && unsock_port_look(key, &path, own, &several) == UNSOCK_PORT_OURS && unsock_port_entry_asks(own))
        return;
    *own = unsock_port_entry_of_tag(&bound, entry->type);
    if (asks)
        own->number = UNSOCK_PORT_SHARERS; /* a name that no socket has: the client's is already removed */
}

socklen_t unsock_port_own_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    struct unsock_port_entry own;
    unsock_port_own(entry, &own);
    return unsock_port_path(&own, path);
}

/* Finds the next descriptor after `fd` that has a file of this port, and its name. Returns -1 if there is none. */
static int next_fd_of(int fd, struct unsock_port_key key, struct unsock_port_entry *entry) {
    while ((fd = unsock_fds_next_with_file(fd + 1)) >= 0) {
        const struct unsock_fd *known = unsock_fds_known(fd);
        if (!known || known->kind != UNSOCK_KIND_LOCAL || known->type != key.type || unsock_fd_is_handed(known) ||
            known->local.port != key.number || known->local.tag == UNSOCK_NAME_TAG_PLAIN)
            continue;
        struct unsock_ip bound = unsock_fd_bound_to(known);
        *entry = unsock_port_entry_of_tag(&bound, key.type);
        return fd;
    }
    return -1;
}

enum unsock_port_life unsock_port_life_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry) {
    bool replaces = bind->in_place_of && unsock_port_same(bind->in_place_of, entry);
    bool beside = bind->type == SOCK_STREAM && bind->reuseaddr && (entry->marks & UNSOCK_PORT_REUSEADDR);
    return replaces || beside ? UNSOCK_PORT_OWN : UNSOCK_PORT_ALIVE;
}

/* Notes the new numbers of the port's entries from index `from` on, for the descriptors of this process. */
static void tell_numbers(const struct unsock_port *port, unsigned from) {
    for (unsigned i = from; i < port->count; i++) {
        struct unsock_port_entry before = port->entries[i], its;
        before.number = 0;
        for (int fd = -1; (fd = next_fd_of(fd, port->key, &its)) >= 0;) {
            struct unsock_fd *known = unsock_fds_known(fd);
            if (known && unsock_port_same(&its, &before))
                known->local.tag |= port->entries[i].number;
        }
    }
}

/* Finds a socket without a number on the address of `me`, and gives it the first free one: links the socket's file to
 * the name with that number, and first removes a stale file there. Returns 1; 0 if no socket lacks one; or -errno. */
static long give_number(struct unsock_port *port, const struct unsock_port_entry *me) {
    int index = unsock_port_next_unnumbered(port, me);
    if (index < 0)
        return 0;
    struct unsock_port_entry numbered = port->entries[index];
    struct sockaddr_un path, next;
    socklen_t length = 0;
    long result = -EEXIST;
    while (result == -EEXIST) {
        if (numbered.number++ == UNSOCK_PORT_SHARERS || port->count == UNSOCK_PORT_ENTRIES)
            return -EADDRINUSE;
        if (unsock_port_find(port, &numbered) >= 0)
            continue;
        length = unsock_port_path(&port->entries[index], &path);
        socklen_t next_length = unsock_port_path(&numbered, &next);
        result = unsock_directory_link(path.sun_path, next.sun_path);
        if (result == -EEXIST && unsock_file_inode(next.sun_path) > 0 &&
            unsock_socketfile_is_stale(&next, next_length)) {
            unsock_directory_unlink(next.sun_path);
            result = unsock_directory_link(path.sun_path, next.sun_path);
        }
    }
    if (result < 0)
        return result;
    if (unsock_socketfile_is_connected(&path, length))
        numbered.marks |= UNSOCK_PORT_CONNECTED;
    unsock_port_renumber(port, (unsigned)index, &numbered);
    return 1;
}

static uint32_t owner_of_file(const struct sockaddr_un *path, uint32_t otherwise) {
    struct statx status;
    long result = unsock_statx(AT_FDCWD, path->sun_path, AT_SYMLINK_NOFOLLOW, STATX_UID, &status);
    return result < 0 ? otherwise : status.stx_uid;
}

/* True if the directory is sticky and PORT.sock is another user's: this user could not remove that user's stale files.
 * False if no socket of the port is live, and this user may remove all files (root, or the directory's owner). */
static bool is_first_another_users(const struct unsock_port *port, bool lives) {
    struct sockaddr_un path;
    struct statx status;
    if (!unsock_directory_is_shared || port->holder != UNSOCK_PORT_OURS ||
        unsock_statx(AT_FDCWD, unsock_settings.directory, 0, STATX_MODE | STATX_UID, &status) < 0 ||
        !(status.stx_mode & S_ISVTX))
        return false;
    uint32_t user = (uint32_t)unsock_geteuid();
    link_path(port->key, FIRST, &path);
    bool may_take = (user == 0 || status.stx_uid == user) && !lives;
    return !may_take && owner_of_file(&path, user) != user;
}

bool unsock_port_is_another_users(const struct unsock_port *port, const struct unsock_port_entry *me,
                                  const struct unsock_port_joining *joining, long probe) {
    struct unsock_port_entry alone = *me;
    struct sockaddr_un path;
    if (is_first_another_users(port, joining->beside))
        return true;
    uint32_t user = me->marks != 0 ? (uint32_t)unsock_geteuid() : 0;
    alone.marks = 0;
    /* Looks for a live socket of another user that would share an address with `me`. */
    for (unsigned i = 0; me->marks != 0 && i < port->count; i++) {
        if (port->life[i] >= UNSOCK_PORT_STALE || !unsock_port_conflict(&port->entries[i], &alone))
            continue;
        socklen_t length = unsock_port_path(&port->entries[i], &path);
        if (owner_of_file(&path, user) != user && unsock_socketfile_life(probe, &path, length) == UNSOCK_PORT_ALIVE)
            return true;
    }
    return false;
}

/* Adds the socket to the port: clients find the socket by the record, or by PORT.sock if there is no record. Then
 * removes the names of stale sockets, and the old names of sockets that have got numbers. */
static long join_port(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining) {
    struct unsock_port_entry first = port->first;
    long result = joining->shares;
    while (result > 0)
        result = give_number(port, me);
    bool replaces = joining->be_first || !port->several || !unsock_port_same(&first, &port->first);
    if (result == 0 && joining->records)
        result = unsock_port_put_record(port, me);
    if (result == 0 && replaces)
        result = unsock_port_put_first(joining->be_first ? me : &port->first, joining->records,
                                       port->holder == UNSOCK_PORT_OURS);
    if (result < 0)
        return result;
    if (!joining->records && port->several)
        unsock_port_unlink_record(port->key);
    unsock_port_unlink_stale(port, me);
    return 0;
}

long unsock_port_join(struct unsock_port *port, const struct unsock_port_entry *me,
                      const struct unsock_port_joining *joining) {
    unsigned entries = port->count;
    long result = join_port(port, me, joining);
    if (result < 0) {
        unsock_port_unnumber(port, entries);
        if (port->several && unsock_port_put_record(port, NULL) == 0)
            unsock_port_unlink_stale(port, me);
        else if (!port->several)
            unsock_port_unlink_record(port->key);
    } else {
        tell_numbers(port, entries);
    }
    return result;
}
