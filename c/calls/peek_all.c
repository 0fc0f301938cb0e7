/* Makes recv with MSG_PEEK and MSG_WAITALL on a stream wait, as TCP does, until all bytes that the program requests
 * have arrived. AF_UNIX, AF_VSOCK and AF_TIPC would return fewer, and a program would read half a header. */
#include "calls/stream.h"

#include "replace/replace.h"

#include <linux/poll.h>

#define ENDED (POLLRDHUP | POLLHUP | POLLERR)

/* Reads SO_RCVTIMEO, the limit of each single wait here. Returns NULL if the program has set none. */
static struct timespec *read_limit(int fd, struct timespec *time) {
    struct unsock_timeval most = {0};
    uint32_t length = sizeof(most);
    if (unsock_getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, &length) < 0 ||
        (most.seconds == 0 && most.microseconds == 0))
        return NULL;
    *time = (struct timespec){most.seconds, most.microseconds * 1000};
    return time;
}

long unsock_stream_peek_all(int fd, const struct msghdr *message, int flags, long had) {
    struct msghdr again = {.msg_iov = message->msg_iov, .msg_iovlen = message->msg_iovlen};
    size_t size = unsock_stream_size(message);
    struct timespec time, *most;
    struct unsock_whose whose;
    if ((flags & (MSG_DONTWAIT | MSG_OOB)) || (size_t)had >= size || unsock_sandboxed ||
        unsock_whose(fd, UNSOCK_ASK_KERNEL, &whose) != UNSOCK_IS_OURS || whose.entry->type != SOCK_STREAM ||
        unsock_socket_nonblocking(fd) != 0)
        return had;
    most = read_limit(fd, &time);
    /* An edge-triggered set reports data that arrive, not data that wait already. */
    struct unsock_epoll_event edge = {.events = EPOLLET | POLLIN | POLLRDHUP};
    struct pollfd news = {.fd = (int)unsock_epoll_create1(O_CLOEXEC), .events = POLLIN};
    if (news.fd >= 0)
        unsock_epoll_ctl(news.fd, EPOLL_CTL_ADD, fd, &edge);
    for (bool more = news.fd >= 0; more && (size_t)had < size;) {
        struct unsock_epoll_event event;
        unsock_epoll_pwait(news.fd, &event, 1, 0, NULL, 8);
        /* Checks for the end before it reads: data that came before the end are in the queue by then. */
        more = !(unsock_socket_poll(fd, POLLRDHUP) & ENDED);
        long now = unsock_real_recvmsg(fd, &again, flags | MSG_DONTWAIT);
        had = now < 0 ? had : now;
        more = more && now >= 0 && ((size_t)had >= size || unsock_real_ppoll(&news, 1, most, NULL) > 0);
    }
    unsock_close_open(news.fd);
    return had;
}
