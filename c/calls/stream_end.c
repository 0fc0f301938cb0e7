/* A bound stream without its file. */
#include "calls/stream_end.h"

#include "calls/bind.h"
#include "replace/replace.h"

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
