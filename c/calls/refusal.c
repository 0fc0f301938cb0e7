/* Reports a failed non-blocking connect later, as TCP does. After ECONNREFUSED, a TCP socket whose own connect was
 * refused replaces the program's socket: all errors are TCP's own. After other failures, and where no such TCP socket
 * can be made, an AF_UNIX socket replaces it: poll reports the same events, but read another error than TCP's. */
#include "calls/connect.h"

#include "calls/bind.h"
#include "calls/stream.h"
#include "replace/replace.h"
#include "rules/settings.h"

#include <linux/poll.h>

/* Returns a TCP socket whose connect to port 0, where nobody can listen, was refused: over the loopback this happens
 * before connect returns. Returns -errno if no socket was opened, or no refusal came (no loopback, a firewall). */
UNSOCK_OWN_FRAME static long open_refused(const struct unsock_fd *entry, int family) {
    union unsock_sockaddr address;
    struct unsock_ip loopback = unsock_ip_some((struct unsock_ip){.family = (uint8_t)family});
    long socket = unsock_settings.block_inet ? -EACCES : unsock_redirect_open(entry->domain, SOCK_STREAM, 0);
    if (socket < 0)
        return socket;
    unsock_connect(socket, &address, unsock_ip_write(&loopback, entry->domain, &address));
    return unsock_opened(socket, unsock_socket_poll((int)socket, POLLOUT) & POLLERR ? 0 : -EHOSTUNREACH);
}

/* False if a bound TCP socket would lose its port, or if the program's own seccomp filter may forbid socketpair. */
static bool can_be_told_later(const struct unsock_fd *entry) {
    bool ours = entry->kind == UNSOCK_KIND_LOCAL || entry->state == UNSOCK_STATE_ASKING ||
                (entry->kind == UNSOCK_KIND_FOREIGN && entry->state == UNSOCK_STATE_NEW);
    return (ours || (entry->kind == UNSOCK_KIND_IP && !(entry->flags & UNSOCK_BOUND))) && !unsock_sandboxed;
}

long unsock_refusal_tell_later(int fd, struct unsock_fd *entry, int family, long failure) {
    if (!can_be_told_later(entry))
        return failure;
    uint32_t bound = entry->flags & (UNSOCK_BOUND | UNSOCK_ANY_PORT);
    struct unsock_ip local = entry->local;
    long failed = failure == -ECONNREFUSED ? open_refused(entry, family) : failure;
    failed = failed < 0 ? unsock_reset_open(true) : failed;
    if (failed < 0 || unsock_redirect_install(fd, entry, (int)failed, UNSOCK_KIND_LOCAL) < 0)
        return failure;
    unsock_fd_enter(entry, UNSOCK_STATE_REFUSED);
    *unsock_fd_refusal(entry) = (struct unsock_fd_refusal){unsock_socket_cookie(fd), (int32_t)-failure};
    unsock_fds_mark(entry, bound);
    if (bound & UNSOCK_BOUND) {
        entry->local = local;
        unsock_bit_set(unsock_fds_client_ports, local.port);
    }
    entry->local.tag = 0;
    return -EINPROGRESS;
}

/* Follows __inet_stream_connect (net/ipv4/af_inet.c). */
long unsock_refusal_tell(int fd, struct unsock_fd *entry) {
    long error = unsock_socket_poll(fd, POLLIN) & POLLERR ? -unsock_fd_refusal(entry)->error : -ECONNABORTED;
    long result = unsock_stream_end(fd, entry);
    return result < 0 ? result : error;
}
