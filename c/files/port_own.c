/* Finds this process's own sockets of a port, by the names that its descriptors have. */
#include "files/bind.h"

#include "files/port.h"
#include "kernel/socket_info.h"

/* Nobody shares a client's port: its name is the one to which PORT.dgram.sock leads. */
static bool is_found_asking(struct unsock_port_key key, struct unsock_port_entry *own) {
    struct sockaddr_un path;
    bool several;
    return unsock_port_look(key, &path, own, &several) == UNSOCK_PORT_OURS && unsock_port_entry_asks(own);
}

bool unsock_port_own(const struct unsock_fd *entry, struct unsock_port_entry *own) {
    bool asks = entry->local.tag == UNSOCK_NAME_TAG_ASKING;
    if (entry->local.tag == UNSOCK_NAME_TAG_PLAIN)
        return false;
    if (asks && is_found_asking(unsock_port_key_of(entry), own))
        return true;
    struct unsock_ip bound = unsock_fd_bound_to(entry);
    *own = unsock_port_entry_of_tag(&bound);
    if (asks)
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

static bool has_silent(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct unsock_port_entry its;
    int fd = -1;
    while (key.type == SOCK_STREAM && (fd = next_fd_of(fd, key, true, &its)) >= 0 && !unsock_port_same(&its, entry))
        ;
    const struct unsock_fd *known = fd < 0 ? NULL : unsock_fds_known(fd);
    return known && unsock_option_flag(fd, known, SOL_SOCKET, SO_REUSEADDR);
}

enum unsock_port_life unsock_port_life_for(const struct unsock_bind *bind, const struct unsock_port_entry *entry) {
    if (bind->in_place_of && unsock_port_same(bind->in_place_of, entry))
        return UNSOCK_PORT_OWN;
    if (bind->type == SOCK_STREAM && bind->reuseaddr && (entry->marks & UNSOCK_PORT_REUSEADDR))
        return UNSOCK_PORT_OWN;
    return bind->reuseaddr && has_silent(bind->key, entry) ? UNSOCK_PORT_GONE : UNSOCK_PORT_ALIVE;
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

void unsock_port_tell_numbers(const struct unsock_port *port, unsigned from) {
    for (unsigned i = from; i < port->count; i++) {
        struct unsock_port_entry before = port->entries[i];
        before.number = 0;
        tell_number(port->key, &before, port->entries[i].number);
    }
}
