/* The exported epoll_ctl. */
#include "epoll.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

/*
 * Any socket may be replaced yet: a connected one when it is disconnected, a program's own AF_UNIX socket by a control
 * file.
 */
UNSOCK_EXPORT int epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = unsock_sys(__NR_epoll_ctl, set, operation, fd, event);
    struct unsock_fd *entry = result == 0 && unsock_active() ? unsock_fds_known(fd) : NULL;
    if (entry)
        unsock_epoll_note(set, operation, entry, event);
    return (int)unsock_libc_result(result);
}
