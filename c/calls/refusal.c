/* Non-blocking connects that have failed, and are to be told of later. */
#include "calls/refusal.h"

#include "calls/reserve.h"
#include "kernel/socket_info.h"
#include "memory/sandbox.h"
#include "memory/state.h"
#include "replace/redirect.h"
#include "rt/net.h"
#include "rt/sys.h"

#include <linux/poll.h>

/*
 * An AF_UNIX stream whose peer has closed without having read: the kernel reports it to poll, select, epoll and
 * io_uring bit by bit as TCP's that was refused, and its error, ECONNRESET, once. Returns it or -errno.
 */
static long open_failed(void) {
    int pair[2];
    long result = unsock_sys(__NR_socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair);
    if (result < 0)
        return result;
    result = unsock_sys(__NR_write, pair[0], "", 1);
    unsock_sys(__NR_close, pair[1]);
    if (result == 1)
        return pair[0];
    unsock_sys(__NR_close, pair[0]);
    return -ENOBUFS;
}

/* What the kernel has bound would lose its port; a filter of the program's own may not know of socketpair. */
static bool can_be_told_later(const struct unsock_fd *entry) {
    bool local = entry->kind == UNSOCK_KIND_LOCAL;
    return (local || (entry->kind == UNSOCK_KIND_IP && !(entry->flags & UNSOCK_BOUND))) && !unsock_sandboxed;
}

long unsock_refusal_tell_later(int fd, struct unsock_fd *entry, long failure) {
    if (!can_be_told_later(entry))
        return failure;
    uint16_t bound = entry->flags & (UNSOCK_BOUND | UNSOCK_ANY_PORT);
    struct unsock_ip local = entry->local;
    long failed = open_failed();
    if (failed < 0 || unsock_redirect_install(fd, entry, (int)failed, UNSOCK_KIND_LOCAL) < 0)
        return failure;
    unsock_fd_enter(entry, UNSOCK_STATE_REFUSED);
    entry->error = (int32_t)-failure;
    entry->flags |= bound;
    if (bound & UNSOCK_BOUND)
        entry->local = local;
    entry->local.tag = 0;
    return -EINPROGRESS;
}

/* As __inet_stream_connect (net/ipv4/af_inet.c). */
long unsock_refusal_tell(int fd, struct unsock_fd *entry) {
    long error = unsock_socket_poll(fd, POLLIN) & POLLERR ? -entry->error : -ECONNABORTED;
    long result = unsock_stream_end(fd, entry);
    return result < 0 ? result : error;
}

long unsock_refusal_before_bind(int fd, struct unsock_fd *entry) {
    return unsock_fd_is_refused(entry) && !unsock_fd_has_chosen_port(entry) ? unsock_redirect_to_new(fd, entry) : 0;
}
