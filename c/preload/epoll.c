/* The exported epoll_create, epoll_create1 and epoll_ctl. */
#include "epoll.h"
#include "rt/libc.h"
#include "rt/sys.h"
#include "settings.h"
#include "unsock.h"

static int note_new(long set) {
    if (set >= 0 && unsock_active())
        unsock_epoll_note_new_set((int)set);
    return (int)unsock_libc_result(set);
}

UNSOCK_EXPORT int epoll_create(int size) {
    return note_new(size <= 0 ? -EINVAL : unsock_sys(__NR_epoll_create1, 0));
}

UNSOCK_EXPORT int epoll_create1(int flags) {
    return note_new(unsock_sys(__NR_epoll_create1, flags));
}

/*
 * Any socket may be replaced yet: a connected one when it is disconnected, a program's own AF_UNIX socket by a control
 * file, and one of which nothing is known.
 */
UNSOCK_EXPORT int epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = unsock_active() ? unsock_epoll_control(set, operation, fd, event)
                                  : unsock_sys(__NR_epoll_ctl, set, operation, fd, event);
    return (int)unsock_libc_result(result);
}
