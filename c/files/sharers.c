/* Sockets of one process on one port. */
#include "files/sharers.h"

#include "files/behind.h"
#include "files/datagram_port.h"
#include "files/lock.h"
#include "files/own_names.h"
#include "files/port_link.h"
#include "files/socketfile.h"
#include "files/waiting.h"
#include "kernel/file_info.h"
#include "kernel/option_query.h"
#include "kernel/socket_info.h"
#include "memory/fds.h"
#include "memory/state.h"
#include "rt/net.h"
#include "rt/sys.h"
#include "rules/address.h"
#include "rules/ip.h"
#include "rules/own_name.h"
#include "rules/settings.h"

#define MOVING 0xff         /* an index that no hidden name has */
#define RENAME_EXCHANGED 2u /* renameat2(2) */

socklen_t unsock_sharers_path(const struct unsock_fd *entry, struct sockaddr_un *path) {
    if (unsock_sharers_has_own_name(entry))
        return unsock_own_name_path(&entry->local, entry->type, path);
    if (entry->flags & UNSOCK_HIDDEN)
        return unsock_address_hidden_path(entry->local.port, entry->type, entry->local.tag, path);
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

static bool is_v6only(int fd, const struct unsock_fd *entry) {
    return unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
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
        if (unsock_sys(__NR_renameat, AT_FDCWD, hidden.sun_path, AT_FDCWD, path->sun_path) == 0) {
            unsock_sharers_renamed(entry, false, 0);
            unsock_behind_mark(old->local.port, old->type);
            if (old->type == SOCK_STREAM)
                unsock_own_names_holder(&entry->local, is_v6only(fd, entry));
            else if (has_own_name)
                unsock_own_names_datagram_holder(old->local.port);
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
        if (unsock_socketfile_is_stale(&hidden, length) ||
            unsock_sys(__NR_renameat, AT_FDCWD, hidden.sun_path, AT_FDCWD, path->sun_path) < 0)
            continue;
        unsock_sharers_renamed(entry, true, UNSOCK_OWN_NAME_TAG);
        return true;
    }
    return unsock_behind_any(path->sun_path) && unsock_waiting_promote(old->local.port, old->type, path, true);
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
    if (behind && unsock_waiting_promote(port, old->type, path, true))
        return true;
    if (promote_own(old, path, true) || (several && unsock_own_names_promote(port, old->type, path)))
        return true;
    if (behind && unsock_waiting_promote(port, old->type, path, false))
        return true;
    if (behind)
        unsock_waiting_sweep(port, old->type);
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
bool unsock_sharers_rescue(uint16_t port, int type, const struct sockaddr_un *path) {
    struct unsock_fd old = {.kind = UNSOCK_KIND_LOCAL, .type = (uint8_t)type, .local.port = port};
    bool own_name = is_own_name(path);
    return unsock_behind_any(path->sun_path) &&
           ((!own_name && promote_own(&old, path, false)) || unsock_waiting_promote(port, type, path, own_name));
}

/* The two swap names: the file of one is hidden behind that of the other. */
static void exchange_names(const struct unsock_fd *hidden, const struct unsock_fd *main) {
    struct sockaddr_un hidden_path, main_path;
    struct unsock_fd moved = *hidden;
    unsock_sharers_path(hidden, &hidden_path);
    unsock_sharers_path(main, &main_path);
    if (unsock_sys(__NR_renameat2, AT_FDCWD, hidden_path.sun_path, AT_FDCWD, main_path.sun_path, RENAME_EXCHANGED) < 0)
        return;
    bool own_name = unsock_sharers_has_own_name(main);
    uint8_t tag = hidden->local.tag;
    unsock_behind_mark(hidden->local.port, hidden->type);
    unsock_sharers_renamed(hidden, true, MOVING);
    moved.local.tag = MOVING;
    unsock_sharers_renamed(main, true, tag);
    unsock_sharers_renamed(&moved, own_name, own_name ? UNSOCK_OWN_NAME_TAG : 0);
}

/* Who stands before the hidden socket: first one whose address excludes it, else who has the port's file. -1: nobody.
 */
static int find_main(const struct unsock_fd *entry, bool v6only, bool *excludes) {
    int found = -1;
    *excludes = false;
    for (int other = 0; other < unsock_fds_end() && !*excludes; other++) {
        const struct unsock_fd *main = unsock_fds_known(other);
        if (!main || !unsock_sharers_same_port(main, entry) ||
            ((main->flags & UNSOCK_HIDDEN) && !unsock_sharers_has_own_name(main)))
            continue;
        *excludes = unsock_ip_conflict(&entry->local, v6only, &main->local, is_v6only(other, main));
        if (*excludes || !(main->flags & UNSOCK_HIDDEN))
            found = other;
    }
    return found;
}

long unsock_sharers_come_forward(int fd, const struct unsock_fd *entry) {
    bool excludes, v6only = is_v6only(fd, entry);
    struct unsock_lock lock;
    if (unsock_sharers_has_own_name(entry))
        return 0;
    const struct unsock_fd *main = unsock_fds_known(find_main(entry, v6only, &excludes));
    if (!main || (main->state == UNSOCK_STATE_LISTENING && !excludes))
        return 0;
    bool own_name = unsock_sharers_has_own_name(main);
    /* The name of another address would tell clients the wrong one. */
    if (main->state == UNSOCK_STATE_LISTENING || (own_name && !unsock_ip_same_address(&entry->local, &main->local)))
        return -EADDRINUSE;
    long locked = unsock_lock_take(&lock);
    if (locked == 0) {
        exchange_names(entry, main);
        if (!own_name)
            unsock_own_names_holder(&entry->local, v6only);
    }
    unsock_lock_drop(&lock);
    return locked;
}

bool unsock_sharers_is_shared(int fd, const struct unsock_fd *entry) {
    uint64_t cookie = 0;
    if (!(entry->flags & UNSOCK_FILE) || !unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT))
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
