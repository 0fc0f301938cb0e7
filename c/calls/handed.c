/* If the program binds a port for which a service manager has a socket, puts this socket behind the descriptor. */
#include "calls/bind.h"

#include "memory/process.h"
#include "options/options.h"
#include "replace/replace.h"
#include "rules/errno.h"

/* Makes a duplicate of `handed` the stand-in. Another thread may have closed `handed`: checks the duplicate's name. */
static long take_handed(struct unsock_standin *standin, int fd, int type, int handed, const struct sockaddr_un *name,
                        socklen_t length) {
    long copy = unsock_fcntl(handed, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return copy == -EBADF ? -EADDRINUSE : unsock_errno_as_ip(UNSOCK_AT_OPEN, copy);
    unsock_standin_take(standin, (int)copy);
    if (!unsock_listen_fds_is((int)copy, type, name, length))
        return unsock_standin_close(standin, -EADDRINUSE);
    unsock_files_made();
    /* Duplicates share their status flags. If the program uses the service manager's socket already, `fd` gets the
     * flags of this socket; otherwise this socket gets the flags of `fd`. */
    bool used = unsock_listen_fds_user((int)copy, type, 0) >= 0;
    long flags = unsock_fcntl(used ? copy : fd, F_GETFL, 0);
    if (flags >= 0)
        flags = unsock_fcntl(used ? fd : copy, F_SETFL, flags);
    if (flags < 0)
        return unsock_standin_close(standin, flags);
    if (type == SOCK_DGRAM) {
        unsock_send_limit_open((int)copy);
        unsock_socket_refuse_descriptors((int)copy);
    }
    return 0;
}

UNSOCK_OWN_FRAME long unsock_listen_fds_bind(int fd, struct unsock_fd *entry, struct unsock_standin *standin) {
    struct unsock_bind bound = standin->bind;
    socklen_t length = (socklen_t)(UNSOCK_SUN_PATH_OFFSET + strlen(bound.path.sun_path) + 1);
    long result = take_handed(standin, fd, entry->type, bound.share, &bound.path, length);
    if (result == 0)
        result = unsock_standin_install(standin, fd, entry, UNSOCK_STATE_BOUND);
    standin->bind = bound;
    if (result < 0)
        return result;
    bound.ip.tag = UNSOCK_NAME_TAG_LISTEN_FDS;
    unsock_fd_become(fd, entry, UNSOCK_STATE_BOUND, UNSOCK_BOUND | UNSOCK_NAMED | UNSOCK_FILE, &bound.ip);
    /* The service manager's path does not show the IP address: socket marks do. */
    unsigned mark = (entry->domain == AF_INET6 ? UNSOCK_MARK_INET6 : 0) |
                    (bound.ip.family == AF_INET6 ? UNSOCK_MARK_IPV6 : 0) |
                    (unsock_ip_is_wildcard(&bound.ip) ? UNSOCK_MARK_WILDCARD : 0);
    unsock_socket_mark_replace(fd, mark);
    return 0;
}

UNSOCK_OWN_FRAME long unsock_listen_fds_take_target(struct unsock_standin *standin, int fd,
                                                    const struct unsock_fd *entry, const void *address,
                                                    socklen_t length, const struct unsock_ip *ip) {
    struct sockaddr_un name;
    struct unsock_bind bind = {.type = entry->type};
    unsock_standin_close(standin, 0);
    if (length > sizeof(name))
        return -EADDRINUSE;
    if (ip)
        bind.ip = *ip;
    memcpy(&name, address, length);
    bind.reuseport = unsock_option_flag(fd, entry, SOL_SOCKET, SO_REUSEPORT);
    bind.v6only = unsock_option_flag(fd, entry, IPPROTO_IPV6, IPV6_V6ONLY);
    long handed = unsock_listen_fds_find(&bind, &name, length);
    return handed < 0 ? -EADDRINUSE : take_handed(standin, fd, entry->type, (int)handed, &name, length);
}
