/* Whose the sockets of a port are. */
#include "files/port_sharing.h"

#include "files/directory.h"
#include "files/port.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rt/system_calls.h"
#include "rules/address.h"
#include "rules/port_name.h"
#include "rules/port_record.h"
#include "rules/settings.h"

/* Whose file that is, for certain; `otherwise` where it cannot be told. */
static uint32_t owner_of(const struct sockaddr_un *path, uint32_t otherwise) {
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
    return !may_take && owner_of(&path, user) != user;
}

bool unsock_port_shares_with_another(const struct unsock_port *port, const struct unsock_port_entry *me, long probe) {
    struct unsock_span rest = unsock_port_all(port);
    struct unsock_port_entry entry, alone = *me;
    struct sockaddr_un path;
    uint32_t user = (uint32_t)unsock_geteuid();
    alone.marks = 0;
    for (unsigned i = 0; unsock_port_entry_next(&rest, &entry); i++) {
        if (port->life[i] >= UNSOCK_PORT_DEAD || !unsock_port_conflict(&entry, &alone))
            continue;
        unsock_port_path(port->key, &entry, &path);
        if (owner_of(&path, user) != user && unsock_port_ask(probe, port->key, &entry) == UNSOCK_PORT_ALIVE)
            return true;
    }
    return false;
}

/* The next descriptor with a file of this port's; -1: there is none. */
static int next_of(int fd, struct unsock_port_key key, struct unsock_port_entry *entry) {
    while ((fd = unsock_fds_next_with_file(fd + 1)) >= 0) {
        const struct unsock_fd *known = unsock_fds_known(fd);
        if (!known || known->kind != UNSOCK_KIND_LOCAL || known->type != key.type || unsock_fd_is_handed(known) ||
            known->local.port != key.number || known->local.tag == UNSOCK_PORT_PLAIN_TAG)
            continue;
        *entry = unsock_port_entry_of_tag(&known->local);
        return fd;
    }
    return -1;
}

/* Of those the next one that does not listen. */
static int next_silent(int fd, struct unsock_port_key key, struct unsock_port_entry *entry) {
    const struct unsock_fd *known = NULL;
    while ((fd = next_of(fd, key, entry)) >= 0) {
        known = unsock_fds_known(fd);
        if (known && known->state != UNSOCK_STATE_LISTENING)
            break;
    }
    return fd;
}

int unsock_port_find_silent(struct unsock_port_key key, const struct unsock_port_entry *entry) {
    struct unsock_port_entry its;
    int fd = -1;
    while (key.type == SOCK_STREAM && (fd = next_silent(fd, key, &its)) >= 0 && !unsock_port_same(&its, entry))
        ;
    return fd;
}

void unsock_port_let_wait(struct unsock_port_key key, const struct unsock_port_entry *me) {
    struct unsock_port_entry its;
    for (int fd = -1; (fd = next_silent(fd, key, &its)) >= 0;) {
        struct unsock_fd *known = unsock_fds_known(fd);
        if (known && !unsock_port_same(&its, me) && unsock_port_conflict(&its, me))
            unsock_fds_mark(known, UNSOCK_UNLISTED);
    }
}

void unsock_port_tell_number(struct unsock_port_key key, const struct unsock_port_entry *before, uint8_t number) {
    struct unsock_port_entry its;
    for (int fd = -1; (fd = next_of(fd, key, &its)) >= 0;) {
        struct unsock_fd *known = unsock_fds_known(fd);
        if (known && unsock_port_same(&its, before))
            known->local.tag |= number;
    }
}
