/* Opens a socket that is to replace a descriptor's socket, binds it, and installs or undoes it. */
#include "calls/bind.h"

#include "files/release.h"
#include "memory/process.h"
#include "replace/replace.h"
#include "rules/errno.h"

void unsock_standin_take(struct unsock_standin *standin, int socket) {
    standin->socket = socket;
    standin->in_place = standin->named = false;
    standin->flags = -1;
    standin->bind.how = UNSOCK_BOUND_FILE;
    standin->bind.spent = false;
    standin->bind.path.sun_path[0] = '\0';
}

long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry) {
    bool in_place = unsock_fd_can_be_named(entry);
    long flags = -1, socket = in_place ? fd : unsock_redirect_open_like(fd, AF_UNIX, entry->type, &flags);
    unsock_standin_take(standin, (int)socket);
    standin->flags = flags;
    standin->in_place = in_place;
    return socket < 0 ? socket : 0;
}

struct unsock_bind *unsock_standin_bind(struct unsock_standin *standin, int fd, const struct unsock_fd *entry,
                                        const struct unsock_ip *ip) {
    struct unsock_bind *bind = &standin->bind;
    memset(bind, 0, sizeof(*bind)); /* not by a literal, which would be on the stack, too */
    bind->socket = standin->socket;
    bind->type = entry->type;
    bind->domain = entry->domain;
    bind->ip = *ip;
    bind->v6only = entry->domain == AF_INET6 && unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    bind->reuseport = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
    bind->reuseaddr = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEADDR);
    return bind;
}

long unsock_standin_bound(struct unsock_standin *standin, long result) {
    const struct unsock_bind *bind = &standin->bind;
    standin->named = result == 0 && bind->how == UNSOCK_BOUND_FILE;
    bool told = bind->ip.family == AF_INET6 && !unsock_port_entry_is_plain(&bind->me);
    if (standin->named && bind->domain == AF_INET6 && !told)
        unsock_socket_mark_set(bind->socket, 0, UNSOCK_MARK_INET6);
    return unsock_errno_as_ip(UNSOCK_AT_BIND, result);
}

static void remember_bind(struct unsock_fd *entry, const struct unsock_bind *bind, enum unsock_state state) {
    unsock_fd_enter(entry, state);
    unsock_fds_mark(entry, UNSOCK_NAMED | UNSOCK_FILE | (state == UNSOCK_STATE_NAMED ? 0 : UNSOCK_BOUND));
    entry->local = bind->ip;
    entry->local.tag = unsock_port_tag(&bind->me);
}

void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry) {
    if (!standin->bind.spent || !standin->in_place)
        return;
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    unsock_fds_mark(entry, UNSOCK_NAMED);
}

long unsock_standin_close(struct unsock_standin *standin, long result) {
    if (!standin->in_place && standin->socket >= 0)
        unsock_close(standin->socket);
    standin->socket = -1;
    return result;
}

long unsock_standin_undo(struct unsock_standin *standin, int type, long result) {
    struct unsock_fd unused = {.kind = UNSOCK_KIND_LOCAL, .type = (uint8_t)type};
    unsock_standin_close(standin, result);
    if (!standin->named)
        return result;
    standin->named = false;
    remember_bind(&unused, &standin->bind, UNSOCK_STATE_BOUND);
    unsock_release_file(&unused);
    return result;
}

long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_state state) {
    int type = entry->type;
    if (!standin->in_place) {
        int socket = standin->socket;
        standin->socket = -1; /* the exchange closes it */
        long result = unsock_redirect_install_like(fd, entry, socket, UNSOCK_KIND_LOCAL, standin->flags);
        if (result < 0)
            return unsock_standin_undo(standin, type, result);
    }
    if (standin->named) {
        remember_bind(entry, &standin->bind, state);
        unsock_fds_note_file(fd);
        unsock_this_process_note_bound(fd, true);
    }
    return 0;
}
