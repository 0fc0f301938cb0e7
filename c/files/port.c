/* Reads and changes a port's names in the directory. */
#include "files/port.h"

#include "files/directory.h"
#include "kernel/log.h"
#include "rt/system_calls.h"
#include "rules/errno.h"

#define NEXT "~" /* .PORT@~: a link before its rename, or the file that was exchanged for it */
#define RENAME_EXCHANGED 2u

/* For one borrower at a time. Other threads, handlers that interrupt it, and children of vfork map memory. */
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

enum unsock_port_holder unsock_port_look(struct unsock_port_key key, struct unsock_port_entry *first, bool *several) {
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST];
    *several = false;
    unsock_address_path(key.number, key.type, &path);
    long length = read_port_link(&path, text, sizeof(text));
    if (length < 0)
        return length == -ENOENT                                       ? UNSOCK_PORT_NOBODY
               : unsock_errno_as_ip(UNSOCK_AT_STEP, length) == -EACCES ? UNSOCK_PORT_UNREAD
                                                                       : UNSOCK_PORT_FOREIGN;
    struct unsock_span span = {text, (size_t)length};
    bool ours = length < (long)sizeof(text) && unsock_port_link_read(span, key, first, several);
    return ours ? UNSOCK_PORT_OURS : UNSOCK_PORT_FOREIGN;
}

/* Returns the record's length; 0: there is none, or it is too long. */
static size_t read_record(struct unsock_port_key key, char *text) {
    struct sockaddr_un path;
    unsock_port_record_path(key, "", &path);
    long length = read_port_link(&path, text, UNSOCK_PORT_RECORD_MOST);
    return length < 0 || length == UNSOCK_PORT_RECORD_MOST ? 0 : (size_t)length;
}

bool unsock_port_has_unknown_record(struct unsock_port_key key) {
    char text[2];
    struct sockaddr_un path;
    unsock_port_record_path(key, "", &path);
    long length = read_port_link(&path, text, sizeof(text));
    return length > 0 && unsock_port_is_of_another_protocol((struct unsock_span){text, (size_t)length});
}

void unsock_port_read(struct unsock_port *port, struct unsock_port_key key) {
    port->key = key;
    port->first = (struct unsock_port_entry){.number = 0};
    port->holder = (uint8_t)unsock_port_look(key, &port->first, &port->several);
    port->several &= port->holder == UNSOCK_PORT_OURS;
    unsock_port_take(port, port->several ? read_record(key, port->text) : 0);
}

enum unsock_port_life unsock_port_ask(long probe, struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    socklen_t length = unsock_port_path(key, entry, &path);
    return unsock_socketfile_life(probe, &path, length);
}

/* Makes a symbolic link in one step. `there`: one exists, and is replaced by a rename. */
static long put_link(struct unsock_port_key key, const char *path, const char *text, bool there) {
    struct sockaddr_un next;
    if (!there)
        return unsock_directory_symlink(text, path);
    unsock_port_record_path(key, NEXT, &next);
    long result = unsock_directory_symlink(text, next.sun_path);
    if (result == -EEXIST) { /* left by a killed process */
        unsock_directory_unlink(next.sun_path);
        result = unsock_directory_symlink(text, next.sun_path);
    }
    if (result < 0)
        return result;
    result = unsock_directory_rename(next.sun_path, path);
    if (result < 0)
        unsock_directory_unlink(next.sun_path);
    return result;
}

long unsock_port_put_first(struct unsock_port_key key, const struct unsock_port_entry *first, bool several,
                           bool there) {
    struct sockaddr_un path;
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_address_path(key.number, key.type, &path);
    unsock_port_link_write(key, first, several, text);
    return put_link(key, path.sun_path, text, there);
}

long unsock_port_put_record(struct unsock_port *port, const struct unsock_port_entry *me) {
    struct sockaddr_un path;
    if (!unsock_port_write(port, me))
        return -EADDRINUSE;
    unsock_port_record_path(port->key, "", &path);
    long result = put_link(port->key, path.sun_path, port->text, port->several);
    /* A process that was killed before PORT.sock got its "./" has left a record. */
    return result == -EEXIST ? put_link(port->key, path.sun_path, port->text, true) : result;
}

long unsock_port_unlink_first(struct unsock_port_key key) {
    struct sockaddr_un path;
    struct unsock_port_entry first;
    bool several;
    unsock_address_path(key.number, key.type, &path);
    long result = unsock_directory_unlink(path.sun_path);
    /* ENOENT is believed only if a look at PORT.sock finds nothing, too: the caller removes the record next, and a
     * PORT.sock with "./" must not be without one. */
    return result == -ENOENT && unsock_port_look(key, &first, &several) == UNSOCK_PORT_NOBODY ? 0 : result;
}

void unsock_port_unlink_record(struct unsock_port_key key) {
    struct sockaddr_un path;
    unsock_port_record_path(key, "", &path);
    unsock_directory_unlink(path.sun_path);
}

void unsock_port_unlink(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct sockaddr_un path;
    unsock_port_path(key, entry, &path);
    unsock_directory_unlink(path.sun_path);
}

void unsock_port_unlink_stale(const struct unsock_port *port, const struct unsock_port_entry *me) {
    for (unsigned i = 0; i < port->count; i++) {
        if (port->life[i] == UNSOCK_PORT_STALE && !unsock_port_same(&port->entries[i], me))
            unsock_port_unlink(port->key, &port->entries[i]);
    }
}

long unsock_port_replace_foreign(struct unsock_port_key key, const struct unsock_port_entry *first, long probe) {
    struct sockaddr_un path, aside;
    char text[UNSOCK_PORT_LINK_MOST];
    unsock_address_path(key.number, key.type, &path);
    unsock_port_record_path(key, NEXT, &aside);
    unsock_port_link_write(key, first, false, text);
    unsock_directory_unlink(aside.sun_path);
    long result = unsock_directory_symlink(text, aside.sun_path);
    if (result == 0)
        result = unsock_directory_rename_with(aside.sun_path, path.sun_path, RENAME_EXCHANGED);
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(aside.sun_path) + 1);
    if (result == 0 && (unsock_file_inode(aside.sun_path) <= 0 ||
                        unsock_socketfile_life(probe, &aside, length) != UNSOCK_PORT_STALE)) {
        /* If PORT.sock has been removed meanwhile, moves the file back without an exchange. */
        if (unsock_directory_rename_with(aside.sun_path, path.sun_path, RENAME_EXCHANGED) < 0)
            unsock_directory_rename_with(aside.sun_path, path.sun_path, RENAME_NOREPLACE);
        result = -EAGAIN;
    }
    unsock_directory_unlink(aside.sun_path);
    return result == -ENOENT ? -EAGAIN : result;
}
