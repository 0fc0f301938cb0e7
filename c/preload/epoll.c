/* The exported epoll_ctl. */
#include "epoll.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

/* Only a socket that may still be replaced is of interest: a program's own AF_UNIX socket too, by a control file. */
static struct unsock_fd *replaceable(int fd) {
    struct unsock_fd *entry = unsock_fds_known(fd);
    if (!entry || (entry->flags & (UNSOCK_CONNECTED | UNSOCK_LISTENING)))
        return NULL;
    return entry;
}

UNSOCK_EXPORT int epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = unsock_sys(__NR_epoll_ctl, set, operation, fd, event);
    struct unsock_fd *entry = result == 0 && unsock_active() ? replaceable(fd) : NULL;
    if (entry)
        unsock_epoll_note(set, operation, entry, event);
    return (int)unsock_libc_result(result);
}
