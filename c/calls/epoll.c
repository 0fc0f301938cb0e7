/* epoll_create, epoll_create1 and epoll_ctl: which descriptors are sets, and what is registered in them. */
#include "calls/list.h"

#include "memory/epoll_memory.h"
#include "memory/watches.h"
#include "replace/epoll.h"
#include "rt/net.h"
#include "rt/system_calls.h"

static long note(long set) {
    if (set >= 0)
        unsock_epoll_note_new_set((int)set);
    return set;
}

long unsock_call_epoll_create1(int flags) {
    return note(unsock_epoll_create1(flags));
}

long unsock_call_epoll_create(int size) {
#ifdef __NR_epoll_create
    return note(unsock_epoll_create(size));
#else
    return size <= 0 ? -EINVAL : unsock_call_epoll_create1(0);
#endif
}

long unsock_call_epoll_ctl(int set, int operation, int fd, struct unsock_epoll_event *event) {
    long result = unsock_epoll_control(set, operation, fd, event);
    if (result == 0 && operation == EPOLL_CTL_DEL)
        unsock_watch_forget(set, fd);
    else if (result == 0)
        unsock_watch_note(set, fd, event);
    return result;
}
