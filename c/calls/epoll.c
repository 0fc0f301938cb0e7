/* epoll_create, epoll_create1 and epoll_ctl: which descriptors are sets, and what is registered in them. */
#include "calls/epoll.h"

#include "memory/epoll_memory.h"
#include "memory/watches.h"
#include "replace/epoll.h"
#include "rt/net.h"
#include "rt/sys.h"

enum { EPOLL_CTL_DEL = 2 };

long unsock_call_epoll_create1(int flags) {
    long set = unsock_sys(__NR_epoll_create1, flags);
    if (set >= 0)
        unsock_epoll_note_new_set((int)set);
    return set;
}

long unsock_call_epoll_create(int size) {
    return size <= 0 ? -EINVAL : unsock_call_epoll_create1(0);
}

long unsock_call_epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = unsock_epoll_control(set, operation, fd, event);
    if (result == 0 && operation == EPOLL_CTL_DEL)
        unsock_watch_forget(set, fd);
    else if (result == 0)
        unsock_watch_note(set, fd, event);
    return result;
}
