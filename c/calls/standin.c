/* A socket that is to take the place of a descriptor's, on its way there. */
#include "calls/bind.h"

#include "files/release.h"
#include "replace/replace.h"

void unsock_standin_take(struct unsock_standin *standin, int socket) {
    standin->socket = socket;
    standin->in_place = standin->named = false;
    standin->flags = -1;
    standin->bound.how = UNSOCK_BOUND_FILE;
    standin->bound.spent = false;
    standin->bound.path.sun_path[0] = '\0';
}

long unsock_standin_open(struct unsock_standin *standin, int fd, const struct unsock_fd *entry) {
    bool in_place = unsock_fd_can_be_named(entry);
    long flags = -1, socket = in_place ? fd : unsock_redirect_open_like(fd, AF_UNIX, entry->type, &flags);
    unsock_standin_take(standin, (int)socket);
    standin->flags = flags;
    standin->in_place = in_place;
    return socket < 0 ? socket : 0;
}

long unsock_standin_bound(struct unsock_standin *standin, long result) {
    standin->named =
        result == 0 && (standin->bound.how == UNSOCK_BOUND_FILE || standin->bound.how == UNSOCK_BOUND_WAITING);
    return result;
}

/* What an entry says of a socket that is known by a file. */
static void remember(struct unsock_fd *entry, const struct unsock_bound *bound, enum unsock_state state) {
    unsock_fd_enter(entry, state);
    entry->flags |= UNSOCK_NAMED | UNSOCK_FILE | (bound->how == UNSOCK_BOUND_WAITING ? UNSOCK_STREAM_UNLISTED : 0);
    entry->flags |= state == UNSOCK_STATE_NAMED ? 0 : UNSOCK_BOUND;
    entry->local = bound->ip;
    entry->local.tag = bound->tag;
    unsock_fd_file(entry)->inode = 0;
}

void unsock_standin_spend(const struct unsock_standin *standin, struct unsock_fd *entry) {
    if (!standin->bound.spent || !standin->in_place)
        return;
    unsock_fd_enter(entry, UNSOCK_STATE_SPENT);
    entry->flags |= UNSOCK_NAMED;
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
    remember(&unused, &standin->bound, UNSOCK_STATE_BOUND);
    unsock_release_file(&unused);
    return result;
}

long unsock_standin_install(struct unsock_standin *standin, int fd, struct unsock_fd *entry, enum unsock_kind kind,
                            enum unsock_state state) {
    int type = entry->type;
    if (!standin->in_place) {
        int socket = standin->socket;
        standin->socket = -1; /* closed by the exchange */
        long result = unsock_redirect_install_like(fd, entry, socket, kind, standin->flags);
        if (result < 0)
            return unsock_standin_undo(standin, type, result);
    }
    if (standin->named) {
        remember(entry, &standin->bound, state);
        unsock_fds_note_file(fd);
    }
    return 0;
}

/*
 * A stream that was bound to a port of the program's choice has it still, and can listen or connect again (haproxy
 * makes room for its successor so, and comes back when that fails). Its file is gone meanwhile: others may have the
 * port.
 */
UNSOCK_OWN_FRAME long unsock_stream_reserve(int fd, struct unsock_fd *entry) {
    struct unsock_ip local = entry->local;
    bool settled = (entry->flags & UNSOCK_SETTLED) != 0; /* by connecting: it was bound to the wildcard */
    struct unsock_standin standin;
    long socket = unsock_redirect_open(AF_UNIX, SOCK_STREAM, 0);
    if (socket < 0)
        return socket;
    unsock_standin_take(&standin, (int)socket);
    long result = unsock_standin_install(&standin, fd, entry, UNSOCK_KIND_LOCAL, UNSOCK_STATE_NEW);
    if (result < 0)
        return result;
    unsock_fd_enter(entry, UNSOCK_STATE_RESERVED);
    entry->flags |= UNSOCK_BOUND;
    entry->local = local;
    entry->local.tag = 0;
    if (settled)
        memset(entry->local.bytes, 0, sizeof(entry->local.bytes));
    return 0;
}

long unsock_stream_end(int fd, struct unsock_fd *entry) {
    bool stays = entry->kind == UNSOCK_KIND_LOCAL && unsock_fd_has_chosen_port(entry);
    return stays ? unsock_stream_reserve(fd, entry) : unsock_redirect_to_new(fd, entry);
}
