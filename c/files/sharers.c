/* Sockets of one process on one port. */
#include "files/sharers.h"

#include "files/behind.h"
#include "files/datagram_port.h"
#include "files/inside.h"
#include "files/own_names.h"
#include "files/socketfile.h"
#include "files/waiting.h"
#include "kernel/file_info.h"
#include "kernel/option_query.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/port_name.h"
#include "rules/settings.h"

socklen_t unsock_sharers_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    if (entry->type == SOCK_STREAM && entry->local.tag == UNSOCK_PORT_PLAIN_TAG)
        return unsock_address_path(entry->local.port, SOCK_STREAM, path);
    if (entry->type == SOCK_STREAM) {
        struct unsock_port_entry own = unsock_port_entry_of_tag(&entry->local);
        return unsock_port_path(entry->local.port, &own, path);
    }
    if (unsock_sharers_has_own_name(entry))
        return unsock_own_name_path(&entry->local, path);
    if (entry->flags & UNSOCK_HIDDEN)
        return unsock_address_hidden_path(entry->local.port, entry->local.tag, path);
    return unsock_address_path(entry->local.port, entry->type, path);
}

void unsock_sharers_renamed(const struct unsock_fd *before, bool hidden, uint8_t tag) {
    struct unsock_fd old = *before;
    if (hidden)
        unsock_fds_note_hidden(old.local.port);
    for (int fd = 0; fd < unsock_fds_end(); fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || !unsock_sharers_same_port(entry, &old) || ((entry->flags ^ old.flags) & UNSOCK_HIDDEN) != 0 ||
            entry->local.tag != old.local.tag ||
            (unsock_sharers_has_own_name(&old) && !unsock_ip_same_address(&entry->local, &old.local)))
            continue;
        entry->flags = (uint16_t)((entry->flags & ~UNSOCK_HIDDEN) | (hidden ? UNSOCK_HIDDEN : 0));
        entry->local.tag = tag;
    }
}

/* To a socket of this process: first one that waits behind the port's file, then one that has a name of its own. */
static bool promote_own(const struct unsock_fd *old, const struct sockaddr_un *path, bool has_own_name) {
    struct sockaddr_un hidden;
    int end = unsock_fds_had_hidden(old->local.port) ? unsock_fds_end() : 0;
    for (int fd = 0; fd < end; fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || entry->kind != UNSOCK_KIND_LOCAL || !(entry->flags & UNSOCK_HIDDEN) || entry->type != old->type ||
            entry->local.port != old->local.port || unsock_sharers_has_own_name(entry) != has_own_name)
            continue;
        socklen_t length = unsock_sharers_path(entry, &hidden);
        if (unsock_socketfile_is_stale(&hidden, length))
            continue;
        if (unsock_inside_rename(hidden.sun_path, path->sun_path) == 0) {
            unsock_sharers_renamed(entry, false, 0);
            unsock_behind_mark(old->local.port);
            if (has_own_name)
                unsock_own_names_holder(old->local.port);
            return true;
        }
    }
    return false;
}

bool unsock_sharers_follow(const struct unsock_fd *old, const struct sockaddr_un *path) {
    struct sockaddr_un hidden;
    int end = unsock_fds_had_hidden(old->local.port) ? unsock_fds_end() : 0;
    for (int fd = 0; fd < end; fd++) {
        struct unsock_fd *entry = unsock_fds_known(fd);
        if (!entry || !unsock_sharers_same_port(entry, old) || !(entry->flags & UNSOCK_HIDDEN) ||
            unsock_sharers_has_own_name(entry) || !unsock_ip_same_address(&entry->local, &old->local))
            continue;
        socklen_t length = unsock_sharers_path(entry, &hidden);
        if (unsock_socketfile_is_stale(&hidden, length) || unsock_inside_rename(hidden.sun_path, path->sun_path) < 0)
            continue;
        unsock_sharers_renamed(entry, true, UNSOCK_OWN_NAME_TAG);
        return true;
    }
    return unsock_behind_any(path->sun_path) && unsock_waiting_promote(old->local.port, path, true);
}

/*
 * Another process may have a socket that waits behind the port's file: one that forked, or was executed by this one, or
 * shares the port. Those with a name of their own may be waited for too: who waits for another address comes last.
 */
bool unsock_sharers_promote(const struct unsock_fd *old, const struct sockaddr_un *path, bool several) {
    uint16_t port = old->local.port;
    bool server = unsock_fd_has_chosen_port(old);
    if (promote_own(old, path, false))
        return true;
    bool behind = server && unsock_behind_any(path->sun_path);
    if (behind && unsock_waiting_promote(port, path, true))
        return true;
    if (promote_own(old, path, true) || (several && unsock_own_names_promote(port, path)))
        return true;
    if (behind && unsock_waiting_promote(port, path, false))
        return true;
    if (behind)
        unsock_waiting_sweep(port);
    return false;
}

/* Is this the path of a name with an address? */
static bool is_own_name(const struct sockaddr_un *path) {
    const char *at = path->sun_path + unsock_settings.directory_length + 1;
    while (*at >= '0' && *at <= '9')
        at++;
    return *at == '@';
}

/* Whoever had the name was killed, and gave it to nobody. */
bool unsock_sharers_rescue(uint16_t port, const struct sockaddr_un *path) {
    struct unsock_fd old = {.kind = UNSOCK_KIND_LOCAL, .type = SOCK_DGRAM, .local.port = port};
    bool own_name = is_own_name(path);
    return unsock_behind_any(path->sun_path) &&
           ((!own_name && promote_own(&old, path, false)) || unsock_waiting_promote(port, path, own_name));
}

bool unsock_sharers_is_shared(int fd, const struct unsock_fd *entry) {
    uint64_t cookie = 0;
    if (entry->type != SOCK_DGRAM || !(entry->flags & UNSOCK_FILE) ||
        !unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT))
        return false;
    for (int other = 0; other < unsock_fds_end(); other++) {
        const struct unsock_fd *found = unsock_fds_known(other);
        if (!found || other == fd || !unsock_sharers_same_port(found, entry) ||
            (found->id == entry->id && found->id != 0))
            continue;
        cookie = cookie != 0 ? cookie : unsock_socket_cookie(fd);
        if (unsock_socket_cookie(other) == cookie)
            return true;
    }
    return false;
}
