/* shutdown, of listeners and of connections. */
#include "calls/list.h"

#include "calls/stream_end.h"
#include "files/listen_fds.h"
#include "files/release.h"
#include "kernel/socket_info.h"
#include "replace/replace.h"

#include <linux/poll.h>

/* A service manager has the socket, too, and needs it for the next server. */
static bool is_handed(int fd, const struct unsock_fd *entry) {
    return unsock_fd_is_handed(entry) || (!unsock_state_is_connected(entry->state) && unsock_listen_fds_is_behind(fd));
}

/* A server where a control file leads to: its file goes when no other process has the socket. */
static long shut_elsewhere(int fd, struct unsock_fd *entry, int how) {
    long result = unsock_shutdown(fd, how);
    if (result < 0 || how == SHUT_WR)
        return result;
    result = unsock_stream_reserve(fd, entry);
    unsock_fds_tell_duplicates(fd);
    return result;
}

static long shut_listener(int fd, struct unsock_fd *entry, int how, bool handed) {
    if (how == SHUT_WR)
        return unsock_shutdown(fd, how);
    if (handed)
        return unsock_stream_reserve(fd, entry);
    long result = unsock_shutdown(fd, how);
    if (result == 0 && (entry->flags & UNSOCK_FILE)) {
        if (!unsock_remove_file_force(entry))
            unsock_remove_file_keep(entry, true);
        unsock_fd_enter(entry, UNSOCK_STATE_RESERVED);
        entry->flags &= (uint16_t)~UNSOCK_FILE;
        unsock_fds_tell_duplicates(fd);
    }
    return result;
}

/* Will it be over by this? */
static bool ends_it(int fd, unsigned mark, unsigned added) {
    bool writes = ((mark | added) & UNSOCK_END_SHUT_WRITE) != 0;
    return writes && !(mark & UNSOCK_END_SHUT_READ) && (unsock_socket_poll(fd, POLLRDHUP) & POLLRDHUP);
}

/* The mark comes first: whoever waits in another thread asks for it as soon as the kernel wakes him. */
static long shut_connection(int fd, int how) {
    static const unsigned marks[] = {UNSOCK_END_SHUT_READ, UNSOCK_END_SHUT_WRITE,
                                     UNSOCK_END_SHUT_READ | UNSOCK_END_SHUT_WRITE};
    if (how < SHUT_RD || how > SHUT_RDWR)
        return unsock_shutdown(fd, how);
    unsigned mark = unsock_socket_mark(fd), added = marks[how];
    if (unsock_end_is_over(fd, mark, unsock_socket_poll(fd, POLLRDHUP)))
        return -ENOTCONN;
    if (how == SHUT_RDWR && ends_it(fd, mark, added))
        added |= UNSOCK_END_OVER;
    unsock_socket_mark_set(fd, mark, added);
    return unsock_shutdown(fd, how);
}

/* A connection to where a control file leads. */
static long shut_foreign(int fd, int how) {
    if (how < SHUT_RD || how > SHUT_RDWR)
        return unsock_shutdown(fd, how);
    how = unsock_half_close(fd, how);
    return how == UNSOCK_HALF_CLOSE_HELD ? 0 : shut_connection(fd, how);
}

long unsock_call_shutdown(int fd, int how) {
    struct unsock_fd scratch;
    struct unsock_fd *entry = unsock_fds_known(fd);
    bool listens = entry && entry->state == UNSOCK_STATE_LISTENING;
    long another = listens ? unsock_reuse_look(fd) : 0;
    if (!entry || another > 0)
        entry = unsock_identify(fd, &scratch);
    long wrong = another < 0 ? another : unsock_identify_wrong(entry);
    if (wrong < 0)
        return wrong;
    if (entry->kind == UNSOCK_KIND_FOREIGN && listens && unsock_fd_has_file(entry) && unsock_fd_is_redirected(entry))
        return shut_elsewhere(fd, entry, how);
    if (entry->kind == UNSOCK_KIND_FOREIGN && entry->type == SOCK_STREAM && unsock_state_is_connected(entry->state) &&
        unsock_fd_is_redirected(entry))
        return shut_foreign(fd, how);
    bool handed = is_handed(fd, entry);
    if (entry->kind != UNSOCK_KIND_LOCAL && !handed)
        return unsock_shutdown(fd, how);
    if (listens && entry->state == UNSOCK_STATE_LISTENING)
        return shut_listener(fd, entry, how, handed);
    if (unsock_state_is_connected(entry->state) && entry->type == SOCK_STREAM)
        return shut_connection(fd, how);
    /* Nobody could send to a service manager's socket ever again, where UDP goes on receiving. */
    long result = handed ? 0 : unsock_shutdown(fd, how);
    if (result < 0)
        return result;
    return unsock_state_is_connected(entry->state) || unsock_reuse_look(fd) > 0 ? result : -ENOTCONN;
}
